// Reads what preflight judges: both servers, the source, the primary, the recipient's machine. For
// an operation whose donor and source are resolved. Only reads. Codes are those of the recipient's
// server and of a topology that is away; CANCELLED. If another server does not answer, the facts
// hold its status.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "graft/server_facts.h"
#include "provision/operation/step_context.h"
#include "provision/preflight/preflight.h"

namespace graft {

absl::StatusOr<PreflightFacts> GatherFacts(const StepContext& context);

// What SEMI_SYNC alone needs. `recipient`: as it is now.
absl::StatusOr<PreflightFacts> GatherAcknowledgers(const StepContext& context,
                                                   ServerFacts recipient);

// A variable of @@global; "" if the server does not have it.
std::string ValueOf(const ServerSurvey& survey, const std::string& name);

}  // namespace graft
