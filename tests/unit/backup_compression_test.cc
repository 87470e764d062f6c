// Each compression as a stream: any cut of the bytes, several streams in a row, damage.
#include <gmock/gmock.h>

#include <random>
#include <string>
#include <tuple>

#include "backups/compression.h"
#include "testing/is_ok.h"

namespace graft {
namespace {

constexpr size_t kMost = size_t{64} << 20;

// Half of it compresses well, half of it not at all.
std::string SomeBytes(size_t size) {
  std::string text(size, 'x');
  std::mt19937 random(1);
  for (size_t i = 0; i < size / 2; ++i) text[i] = static_cast<char>(random());
  return text;
}

absl::Status FeedIn(ByteSink& sink, absl::string_view bytes, size_t piece) {
  while (!bytes.empty()) {
    const absl::Status status = sink.Append(bytes.substr(0, piece));
    if (!status.ok()) return status;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return sink.Finish();
}

std::string Packed(Compression compression, absl::string_view bytes, size_t piece, int workers) {
  TextSink packed(kMost);
  EXPECT_THAT(FeedIn(*MakeCompressor(compression, 1, workers, packed), bytes, piece), IsOk());
  return packed.text();
}

absl::StatusOr<std::string> Unpacked(Compression compression, absl::string_view bytes,
                                     size_t piece = 65536) {
  TextSink plain(kMost);
  const absl::Status status = FeedIn(*MakeDecompressor(compression, plain), bytes, piece);
  if (!status.ok()) return status;
  return plain.text();
}

class CompressionTest : public testing::TestWithParam<Compression> {};

TEST_P(CompressionTest, GivesBackWhatItWasGivenHoweverItIsCut) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{262144}, size_t{3'000'001}}) {
    const std::string bytes = SomeBytes(size);
    for (const size_t piece : {size_t{4099}, size_t{1} << 20}) {
      for (const int workers : {0, 2}) {
        const std::string packed = Packed(GetParam(), bytes, piece, workers);
        for (const size_t back : {size_t{1021}, size_t{1} << 20}) {
          const auto unpacked = Unpacked(GetParam(), packed, back);
          ASSERT_THAT(unpacked, IsOk()) << size;
          EXPECT_TRUE(*unpacked == bytes) << size << " bytes in pieces of " << piece;
        }
      }
    }
  }
}

TEST_P(CompressionTest, WhatCompressesFarIsGivenOutWhole) {
  const std::string zeros(20'000'000, '\0');
  const auto unpacked = Unpacked(GetParam(), Packed(GetParam(), zeros, 1 << 20, 0), 1 << 20);
  ASSERT_THAT(unpacked, IsOk());
  EXPECT_TRUE(*unpacked == zeros);
}

// pargzip writes a member for each MiB.
TEST_P(CompressionTest, SeveralStreamsInARowAreOneFile) {
  const std::string first = SomeBytes(100'000);
  const std::string both =
      Packed(GetParam(), first, 7000, 0) + Packed(GetParam(), "and more", 7000, 0);
  for (const size_t piece : {size_t{1}, size_t{1000}, both.size()}) {
    const auto unpacked = Unpacked(GetParam(), both, piece);
    ASSERT_THAT(unpacked, IsOk()) << piece;
    EXPECT_TRUE(*unpacked == first + "and more") << piece;
  }
}

TEST_P(CompressionTest, DamageAndAnEarlyEndAreDataLoss) {
  const std::string packed = Packed(GetParam(), SomeBytes(500'000), 65536, 0);
  for (const size_t length :
       {size_t{0}, size_t{1}, size_t{9}, packed.size() / 2, packed.size() - 1}) {
    EXPECT_TRUE(absl::IsDataLoss(Unpacked(GetParam(), packed.substr(0, length)).status()))
        << length;
  }
  for (const size_t at : {size_t{2}, packed.size() / 3, packed.size() - 2}) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const auto unpacked = Unpacked(GetParam(), damaged);
    EXPECT_TRUE(absl::IsDataLoss(unpacked.status())) << at << ": " << unpacked.status();
  }
  EXPECT_TRUE(absl::IsDataLoss(Unpacked(GetParam(), packed + "rubbish behind it").status()));
}

INSTANTIATE_TEST_SUITE_P(Engines, CompressionTest,
                         testing::Values(Compression::kZstd, Compression::kGzip, Compression::kLz4),
                         [](const auto& info) { return std::string(EngineName(info.param)); });

TEST(ParseCompression, KnowsVitesssEnginesAndRunsNoCommand) {
  EXPECT_EQ(*ParseCompression(""), Compression::kGzip);
  EXPECT_EQ(*ParseCompression("pgzip"), Compression::kGzip);
  EXPECT_EQ(*ParseCompression("zstd"), Compression::kZstd);
  EXPECT_EQ(*ParseCompression("lz4"), Compression::kLz4);
  for (const char* engine : {"external", "brotli"}) {
    EXPECT_TRUE(absl::IsUnimplemented(ParseCompression(engine).status())) << engine;
  }
}

TEST(HashingSink, HashesAsOthersDo) {
  NullSink nowhere;
  HashingSink crc(HashKind::kCrc32, nowhere);
  HashingSink sha(HashKind::kSha256, nowhere);
  for (HashingSink* sink : {&crc, &sha}) {
    ASSERT_THAT(sink->Append("1234"), IsOk());
    ASSERT_THAT(sink->Append("56789"), IsOk());
    ASSERT_THAT(sink->Finish(), IsOk());
    EXPECT_EQ(sink->bytes(), 9);
  }
  EXPECT_EQ(crc.hex(), "cbf43926");  // the check value of CRC-32/ISO-HDLC
  EXPECT_EQ(sha.hex(), "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
  HashingSink empty(HashKind::kCrc32, nowhere);
  ASSERT_THAT(empty.Finish(), IsOk());
  EXPECT_EQ(empty.hex(), "00000000");
}

}  // namespace
}  // namespace graft
