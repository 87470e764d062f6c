// A program's flags with one of each kind.
#ifndef GRAFT_TESTS_UNIT_SAMPLE_APP_H_
#define GRAFT_TESTS_UNIT_SAMPLE_APP_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "command_line/documents.h"

namespace graft {

struct SampleApp {
  SampleApp() {
    app.set_config("--config-file", "", "file with options")->type_name("FILE");
    app.footer("Exit status:\n  0  done\n  12  refused: it's in use\nSee elsewhere.");
    app.fallthrough();
    app.add_option("--wait", wait, "how long to wait")
        ->capture_default_str()
        ->type_name("DURATION");
    app.add_option("--port", port, "etcd2: its port")->capture_default_str()->type_name("PORT");
    app.add_option("--db-password", password, "secret")->group("MySQL");
    app.add_option("--hidden", hidden, "not for everybody")->group("");
    AddSwitch(app, "tls", tls, "encrypt");
    AddSwitch(app, "loud", loud, "say more");
    AddCopy();
    AddDocuments(app, Text());
  }

  static ManPageText Text() {
    ManPageText text;
    text.program = "sample-app";
    text.section = 8;
    text.summary = "shows what can be shown";
    text.description = {"It has --wait, and more.", ".begins with a dot"};
    text.environment = {{"SAMPLE_HOME", "its folder"}};
    text.files = {{"/etc/sample", "read at start"}};
    text.examples = {{"At its best:", "sample-app copy \\\n  'a b'\n.hidden"}};
    text.see_also = {"other(1)", "more(8)"};
    return text;
  }

  void Parse(std::vector<std::string> words) {
    words.insert(words.begin(), "sample-app");
    argv.clear();
    given = std::move(words);
    for (const std::string& word : given) argv.push_back(word.c_str());
    app.parse(static_cast<int>(argv.size()), argv.data());
  }

  std::string wait = "1m";
  int port = 0;
  std::string password;
  std::string hidden;
  bool tls = true;
  bool loud = false;
  std::string alias;
  std::string from;
  int threads = 4;
  std::vector<std::string> notes;
  CLI::App app{"sample-app: shows things", "sample-app"};
  std::vector<std::string> given;
  std::vector<const char*> argv;

 private:
  void AddCopy() {
    CLI::App* copy = app.add_subcommand("copy", "copy a [thing]: all of it. Slowly.");
    copy->add_option("ALIAS", alias, "what to copy")->required();
    CLI::Option* any = copy->add_flag("--any", "whatever is there");
    copy->add_option("--from", from, "whom to copy")
        ->check(CLI::IsMember(std::vector<std::string>{"donor", "primary"}))
        ->excludes(any);
    copy->add_option("--threads", threads, "how many")
        ->check(CLI::Range(1, 128))
        ->capture_default_str()
        ->type_name("N");
    copy->add_option("--note", notes, "for the log");
    copy->add_flag_function(
        "--zip,!--no-zip", [](int64_t) {}, "pack it");
    CLI::App* topo = app.add_subcommand("topo", "the topology");
    topo->require_subcommand(1);
    topo->add_subcommand("add-cell", "one more")->alias("new-cell");
    app.add_subcommand("secret", "not shown")->group("");
  }
};

}  // namespace graft

#endif  // GRAFT_TESTS_UNIT_SAMPLE_APP_H_
