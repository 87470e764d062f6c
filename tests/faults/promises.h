// The nine promises of docs and design as code: each looks at a Story and tells what breaks it.
#pragma once

#include <string>
#include <vector>

#include "story.h"

namespace graft {

using Violations = std::vector<std::string>;

// 1. Nothing is dropped until everything that can be known beforehand is known to be fine.
Violations NothingIsDroppedUntilAllIsKnownToBeFine(const Story& story);
// 2. Kill anything at any moment and it still ends well.
Violations KillAnythingAndItStillEndsWell(const Story& story);
// 3. The verdict is the truth.
Violations TheVerdictIsTheTruth(const Story& story);
// 4. A primary is never a recipient.
Violations APrimaryIsNeverARecipient(const Story& story);
// 5. One clone per donor.
Violations OneClonePerDonor(const Story& story);
// 6. Fenced across the restart.
Violations FencedAcrossTheRestart(const Story& story);
// 7. A healthy copy is never thrown away.
Violations AHealthyCopyIsNeverThrownAway(const Story& story);
// 8. No secret in a log, an error, the journal or the topology.
Violations NoSecretIsTold(const Story& story);
// 9. Vitess can read every record, and what graft does not own is left alone.
Violations VitessCanReadEveryRecord(const Story& story);

// The broken promises, each with its name.
Violations BrokenPromises(const Story& story);

}  // namespace graft
