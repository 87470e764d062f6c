#include "base/errors.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace graft {
namespace {

TEST(ErrorsTest, AReasonTravelsWithTheStatus) {
  const absl::Status status = WithReason(absl::UnavailableError("gone"), "MYSQL_GONE");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "gone");
  EXPECT_EQ(ReasonOf(status), "MYSQL_GONE");
  EXPECT_EQ(ReasonOf(WithReason(status, "OTHER")), "OTHER");
}

TEST(ErrorsTest, WithoutAReasonThereIsNone) {
  EXPECT_EQ(ReasonOf(absl::UnavailableError("gone")), "");
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(WithReason(absl::OkStatus(), "WHY"), absl::OkStatus());
}

TEST(ErrorsTest, AnnotateKeepsCodeAndReason) {
  const absl::Status inner = WithReason(absl::AbortedError("lost"), "CLAIM_LOST");
  const absl::Status outer = Annotate(Annotate(inner, "clone"), "operation 7");
  EXPECT_EQ(outer.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(outer.message(), "operation 7: clone: lost");
  EXPECT_EQ(ReasonOf(outer), "CLAIM_LOST");
  EXPECT_EQ(Annotate(absl::OkStatus(), "clone"), absl::OkStatus());
}

TEST(ErrorsTest, AnnotateAddsNoReason) {
  EXPECT_EQ(Annotate(absl::AbortedError("lost"), "clone"), absl::AbortedError("clone: lost"));
}

absl::Status Twice(const absl::Status& first, const absl::Status& second, int& evaluated) {
  GRAFT_RETURN_IF_ERROR((++evaluated, first));
  GRAFT_RETURN_IF_ERROR((++evaluated, second));
  return absl::OkStatus();
}

TEST(ErrorsTest, ReturnIfErrorStopsAtTheFirst) {
  int evaluated = 0;
  EXPECT_EQ(Twice(absl::AbortedError("a"), absl::InternalError("b"), evaluated),
            absl::AbortedError("a"));
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(Twice(absl::OkStatus(), absl::InternalError("b"), evaluated), absl::InternalError("b"));
  EXPECT_TRUE(Twice(absl::OkStatus(), absl::OkStatus(), evaluated).ok());
}

absl::StatusOr<int> Sum(absl::StatusOr<std::unique_ptr<int>> a, absl::StatusOr<int> b) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<int> moved, std::move(a));
  int sum = *moved;
  GRAFT_ASSIGN_OR_RETURN(const int other, b);
  sum += other;
  return sum;
}

TEST(ErrorsTest, AssignOrReturnMovesOrReturns) {
  EXPECT_EQ(*Sum(std::make_unique<int>(1), 2), 3);
  EXPECT_EQ(Sum(absl::NotFoundError("a"), 2).status(), absl::NotFoundError("a"));
  EXPECT_EQ(Sum(std::make_unique<int>(1), absl::NotFoundError("b")).status(),
            absl::NotFoundError("b"));
}

}  // namespace
}  // namespace graft
