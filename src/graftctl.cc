#include <iostream>

#include "cli/graftctl.h"

int main(int argc, char** argv) {
  graft::cli::GraftctlFlags flags;
  int exit_status = 0;
  if (!graft::cli::ParseGraftctlFlags(argc, argv, flags, exit_status)) return exit_status;
  graft::cli::ExitWith(
      graft::cli::RunGraftctl(flags, graft::cli::LookAtScreen(), std::cout, std::cerr));
}
