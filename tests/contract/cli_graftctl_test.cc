// graftctl from its command line to what the agent is asked, over a gRPC server on a free port.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/graftctl.h"
#include "graft/v1/provisioner.grpc.pb.h"

namespace graft::cli {
namespace {

using ::testing::HasSubstr;

// Remembers what it was asked; its operation is cancelled.
class AskedAgent : public v1::Provisioner::Service {
 public:
  grpc::Status Reprovision(grpc::ServerContext* /*context*/, const v1::ReprovisionRequest* request,
                           v1::Operation* /*response*/) override {
    asked = request->ShortDebugString();
    return grpc::Status::OK;
  }
  grpc::Status Preflight(grpc::ServerContext* /*context*/, const v1::PreflightRequest* request,
                         v1::PreflightReport* response) override {
    asked = request->ShortDebugString();
    response->add_results()->set_outcome(v1::UNCHECKED);
    return grpc::Status::OK;
  }
  grpc::Status CancelOperation(grpc::ServerContext* context,
                               const v1::CancelOperationRequest* request,
                               v1::Operation* response) override {
    asked = request->ShortDebugString();
    if (!request->even_if_dropped()) {
      context->AddTrailingMetadata("graft-reason", "DATA_DROPPED");
      return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "it is gone");
    }
    response->set_id(request->id());
    return grpc::Status::OK;
  }
  grpc::Status Release(grpc::ServerContext* context, const v1::ReleaseRequest* request,
                       v1::Operation* response) override {
    asked = request->ShortDebugString();
    if (!request->word().data_is_good()) {
      context->AddTrailingMetadata("graft-reason", "DATA_NOT_GOOD");
      return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "look at it");
    }
    response->set_id(request->id());
    response->set_kind(v1::RELEASE);
    *response->mutable_release() = request->word();
    return grpc::Status::OK;
  }
  grpc::Status ThrottleOperation(grpc::ServerContext* /*context*/,
                                 const v1::ThrottleOperationRequest* request,
                                 v1::Operation* /*response*/) override {
    asked = request->ShortDebugString();
    return grpc::Status::OK;
  }
  // Asked first, whose agent it is.
  grpc::Status GetTablet(grpc::ServerContext* /*context*/, const v1::GetTabletRequest* /*request*/,
                         v1::GetTabletResponse* response) override {
    response->set_alias(alias);
    return grpc::Status::OK;
  }
  grpc::Status WatchOperation(grpc::ServerContext* /*context*/,
                              const v1::WatchOperationRequest* request,
                              grpc::ServerWriter<v1::Operation>* writer) override {
    v1::Operation operation;
    operation.set_id(request->id());
    operation.set_outcome(v1::CANCELLED);
    operation.set_data_state(v1::EMPTY);
    writer->Write(operation);
    return grpc::Status::OK;
  }

  std::string asked;
  std::string alias = "zone1-0000000001";
};

class CliGraftctlTest : public ::testing::Test {
 protected:
  CliGraftctlTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&agent_);
    server_ = builder.BuildAndStart();
  }

  // Its exit code.
  int Graftctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "graftctl");
    arguments.push_back(absl::StrCat("--server=127.0.0.1:", port_));
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    GraftctlFlags flags;
    int exit_status = -1;
    if (!ParseGraftctlFlags(static_cast<int>(argv.size()), argv.data(), flags, exit_status)) {
      return exit_status;
    }
    return static_cast<int>(RunGraftctl(flags, Screen(), out_, err_));
  }

  AskedAgent agent_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::ostringstream out_;
  std::ostringstream err_;
};

// As of an older graft, which does not look whom a call is meant for.
TEST_F(CliGraftctlTest, AnotherTabletsAgentIsNotAskedToChangeAnything) {
  agent_.alias = "zone1-0000000002";
  for (const char* command : {"reprovision", "release", "cancel"}) {
    EXPECT_EQ(Graftctl({command, "zone1-1"}), 5) << command;
  }
  EXPECT_EQ(Graftctl({"throttle", "zone1-1", "--max-data-bandwidth", "5"}), 5);
  EXPECT_EQ(agent_.asked, "");
  EXPECT_THAT(err_.str(), HasSubstr("the agent of zone1-0000000002, not of zone1-0000000001"));
}

TEST_F(CliGraftctlTest, ReprovisionAsksForWhatItsFlagsSay) {
  EXPECT_EQ(
      Graftctl({"reprovision", "zone1-1", "--from-any", "--replicate-from", "primary", "--id",
                "op1", "--max-data-bandwidth", "10", "--max-network-bandwidth", "0",
                "--max-concurrency", "4", "--compression", "--no-block-ddl", "--allow-non-innodb"}),
      0);
  EXPECT_EQ(agent_.asked,
            "id: \"op1\" donor { any: true } replicate_from: REPLICATE_FROM_PRIMARY settings { "
            "max_data_bandwidth_mib: 10 max_network_bandwidth_mib: 0 max_concurrency: 4 "
            "compression: true block_ddl: false } allow { non_innodb: true }");
  EXPECT_EQ(Graftctl({"reprovision", "zone1-1"}), 0);
  EXPECT_EQ(agent_.asked, "settings { } allow { }");
}

TEST_F(CliGraftctlTest, PreflightAsksForTheSameAndItsExitCodeIsTheVerdict) {
  EXPECT_EQ(Graftctl({"preflight", "zone1-1", "--from-tablet", "zone1-2"}), 5);
  EXPECT_EQ(agent_.asked, "donor { tablet: \"zone1-0000000002\" } settings { } allow { }");
  EXPECT_EQ(Graftctl({"preflight", "zone1-1", "--from-primary", "--allow-unchecked", "all"}), 0);
  EXPECT_EQ(agent_.asked, "donor { primary: true } settings { } allow { unchecked: true }");
  Graftctl({"preflight", "zone1-1", "--from-primary", "--allow-unchecked=SEMI_SYNC"});
  EXPECT_EQ(agent_.asked,
            "donor { primary: true } settings { } allow { unchecked_checks: \"SEMI_SYNC\" }");
  EXPECT_EQ(Graftctl({"preflight", "zone1-1", "--from-primary", "--allow-unchecked", "zone1-2"}),
            static_cast<int>(ExitCode::kUsage));
}

TEST_F(CliGraftctlTest, CancelGoesAsFarAsItIsTold) {
  EXPECT_EQ(Graftctl({"cancel", "zone1-1", "op1"}), 5);
  EXPECT_EQ(agent_.asked, "id: \"op1\"");
  EXPECT_THAT(err_.str(), HasSubstr("FAILED_PRECONDITION (DATA_DROPPED): it is gone\n"));
  EXPECT_EQ(Graftctl({"cancel", "zone1-1", "op1", "--even-if-dropped"}), 6);
  EXPECT_EQ(agent_.asked, "id: \"op1\" even_if_dropped: true");
  EXPECT_THAT(out_.str(), HasSubstr("the tablet is fenced, its record says RESTORE"));
}

TEST_F(CliGraftctlTest, ReleaseSaysWhoAsksForIt) {
  EXPECT_EQ(Graftctl({"release", "zone1-1", "--by", "alice@ops-1", "--note", "restored by hand",
                      "--data-is-good", "--id", "r1"}),
            0);
  EXPECT_EQ(
      agent_.asked,
      "id: \"r1\" word { by: \"alice@ops-1\" note: \"restored by hand\" data_is_good: true }");
  EXPECT_THAT(out_.str(), HasSubstr("accepted: release by alice@ops-1: restored by hand\n"));
  EXPECT_EQ(Graftctl({"release", "zone1-1"}), 5);
  EXPECT_THAT(agent_.asked, ::testing::ContainsRegex("word [{] by: \"[^ @]+@[^ @]+\" [}]"));
  EXPECT_THAT(err_.str(), HasSubstr("FAILED_PRECONDITION (DATA_NOT_GOOD): look at it\n"));
  EXPECT_EQ(Graftctl({"release", "zone1-1", "--data-is-good", "--id", "r2", "--watch"}), 6)
      << "as the watched operation ended";
}

TEST_F(CliGraftctlTest, ThrottleNeedsABandwidth) {
  EXPECT_EQ(Graftctl({"throttle", "zone1-1", "op1"}), 2);
  EXPECT_EQ(agent_.asked, "");
  EXPECT_THAT(err_.str(), HasSubstr("--max-data-bandwidth or --max-network-bandwidth"));
  EXPECT_EQ(Graftctl({"throttle", "zone1-1", "op1", "--max-data-bandwidth", "3"}), 0);
  EXPECT_EQ(agent_.asked, "id: \"op1\" settings { max_data_bandwidth_mib: 3 }");
}

}  // namespace
}  // namespace graft::cli
