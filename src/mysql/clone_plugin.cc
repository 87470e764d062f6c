#include "mysql/clone_plugin.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "mysql/error_map.h"
#include "mysql/statements.h"
#include "mysql/survey_tables.h"

namespace graft {
namespace {

absl::Status SetSuperReadOnly(Session& session, const char* value) {
  GRAFT_ASSIGN_OR_RETURN(const std::string sql, SetVariableStatement({VariableChange::How::kGlobal,
                                                                      "super_read_only", value}));
  return session.Execute(sql, sql);
}

absl::Status Install(Session& session) {
  const absl::Status status =
      session.Execute(kInstallClonePluginStatement, kInstallClonePluginStatement);
  return HasReason(status, Reason::kPluginExists) ? absl::OkStatus() : status;
}

absl::Status CheckActive(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, ReadFacts(session));
  if (facts.clone_plugin_status == "ACTIVE") return absl::OkStatus();
  return WithReason(absl::FailedPreconditionError(absl::StrCat(
                        "the clone plugin is installed, but ", facts.clone_plugin_status,
                        ": start mysqld without clone=OFF")),
                    Reason::kClonePluginMissing);
}

// OK also if the plugin is there, in any state. `lifted`: super_read_only was on and is off now.
absl::Status InstallWritable(Session& session, bool* lifted) {
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, ReadFacts(session));
  if (!facts.clone_plugin_status.empty()) return absl::OkStatus();
  if (facts.super_read_only) {
    const absl::Status off = SetSuperReadOnly(session, "OFF");
    *lifted = off.ok() || session.lost();  // it may have worked although its answer is lost
    GRAFT_RETURN_IF_ERROR(off);
  }
  const absl::Status status = Install(session);
  if (!*lifted) return status;
  const absl::Status restored = SetSuperReadOnly(session, "ON");
  if (restored.ok()) *lifted = false;
  return status.ok() ? restored : status;
}

}  // namespace

absl::Status InstallClonePluginBy(const WithSession& with_session) {
  bool lifted = false;
  absl::Status status = with_session([&lifted](Session& session) -> absl::Status {
    GRAFT_RETURN_IF_ERROR(InstallWritable(session, &lifted));
    return CheckActive(session);
  });
  if (!lifted) return status;
  // The session was lost in between, or the server refused to go back.
  const absl::Status restored =
      with_session([](Session& session) { return SetSuperReadOnly(session, "ON"); });
  if (restored.ok()) return status;
  return Annotate(restored, "super_read_only is still OFF after installing the clone plugin");
}

}  // namespace graft
