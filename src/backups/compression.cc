#include "backups/compression.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;
constexpr int kJobBytes = 1 << 20;
constexpr absl::string_view kEndsTooEarly = "the compressed bytes end too early";

absl::Status Damaged(absl::string_view why) {
  return absl::DataLossError(absl::StrCat("the compressed bytes are damaged: ", why));
}

class PassingSink : public ByteSink {
 public:
  explicit PassingSink(ByteSink& next) : next_(next) {}
  absl::Status Append(absl::string_view bytes) override { return next_.Append(bytes); }
  absl::Status Finish() override { return next_.Finish(); }

 private:
  ByteSink& next_;
};

// A stage with a buffer for what the library gives out.
class BufferedSink : public ByteSink {
 public:
  explicit BufferedSink(ByteSink& next, size_t bytes = kBufferBytes)
      : next_(next), buffer_(bytes) {}

 protected:
  absl::Status HandOn(size_t bytes) { return next_.Append({buffer_.data(), bytes}); }

  ByteSink& next_;
  std::vector<char> buffer_;
};

class ZstdCompressor : public BufferedSink {
 public:
  ZstdCompressor(int level, int workers, ByteSink& next) : BufferedSink(next) {
    ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_nbWorkers, workers);  // refused: none
    // Its own choice would be several times as much, for each worker.
    if (workers > 0) ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_jobSize, kJobBytes);
  }

  absl::Status Append(absl::string_view bytes) override { return Feed(bytes, ZSTD_e_continue); }

  absl::Status Finish() override {
    GRAFT_RETURN_IF_ERROR(Feed({}, ZSTD_e_end));
    return next_.Finish();
  }

 private:
  absl::Status Feed(absl::string_view bytes, ZSTD_EndDirective mode) {
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    size_t left = 1;
    while (mode == ZSTD_e_end ? left > 0 : in.pos < in.size) {
      ZSTD_outBuffer out = {buffer_.data(), buffer_.size(), 0};
      left = ZSTD_compressStream2(stream_.get(), &out, &in, mode);
      if (ZSTD_isError(left)) {
        return absl::InternalError(absl::StrCat("zstd: ", ZSTD_getErrorName(left)));
      }
      GRAFT_RETURN_IF_ERROR(HandOn(out.pos));
    }
    return absl::OkStatus();
  }

  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> stream_ = {ZSTD_createCCtx(),
                                                                        &ZSTD_freeCCtx};
};

class ZstdDecompressor : public BufferedSink {
 public:
  using BufferedSink::BufferedSink;

  absl::Status Append(absl::string_view bytes) override {
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    size_t given = buffer_.size();
    // A full buffer may have left more inside.
    while (in.pos < in.size || given == buffer_.size()) {
      ZSTD_outBuffer out = {buffer_.data(), buffer_.size(), 0};
      const size_t read_before = in.pos;
      const size_t hint = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(hint)) return Damaged(ZSTD_getErrorName(hint));
      given = out.pos;
      GRAFT_RETURN_IF_ERROR(HandOn(out.pos));
      // At the end of a frame it would begin to wait for a next one.
      if (given > 0 || in.pos > read_before) whole_ = hint == 0;
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    return whole_ ? next_.Finish() : absl::DataLossError(kEndsTooEarly);
  }

 private:
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> stream_ = {ZSTD_createDCtx(),
                                                                        &ZSTD_freeDCtx};
  bool whole_ = false;  // a frame has just ended
};

constexpr int kGzipWindow = 15 + 16;  // zlib's largest, with gzip's header

class GzipCompressor : public BufferedSink {
 public:
  GzipCompressor(int level, ByteSink& next) : BufferedSink(next) {
    constexpr int kMemory = 8;
    deflateInit2(&stream_, level, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY);
  }
  ~GzipCompressor() override { deflateEnd(&stream_); }

  absl::Status Append(absl::string_view bytes) override { return Feed(bytes, Z_NO_FLUSH); }

  absl::Status Finish() override {
    GRAFT_RETURN_IF_ERROR(Feed({}, Z_FINISH));
    return next_.Finish();
  }

 private:
  absl::Status Feed(absl::string_view bytes, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      deflate(&stream_, flush);
      GRAFT_RETURN_IF_ERROR(HandOn(buffer_.size() - stream_.avail_out));
    } while (stream_.avail_out == 0);
    return absl::OkStatus();
  }

  z_stream stream_ = {};
};

class GzipDecompressor : public BufferedSink {
 public:
  explicit GzipDecompressor(ByteSink& next) : BufferedSink(next) {
    inflateInit2(&stream_, kGzipWindow);
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }

  absl::Status Append(absl::string_view bytes) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      if (whole_ && stream_.avail_in == 0) break;
      if (whole_) inflateReset(&stream_);  // the next member
      whole_ = false;
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return Damaged(stream_.msg == nullptr ? "no gzip" : stream_.msg);
      }
      whole_ = code == Z_STREAM_END;
      GRAFT_RETURN_IF_ERROR(HandOn(buffer_.size() - stream_.avail_out));
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    return whole_ ? next_.Finish() : absl::DataLossError(kEndsTooEarly);
  }

 private:
  z_stream stream_ = {};
  bool whole_ = false;  // a member has just ended
};

constexpr size_t kLz4PieceBytes = size_t{256} << 10;  // given to LZ4F_compressUpdate at once

class Lz4Compressor : public BufferedSink {
 public:
  Lz4Compressor(int level, ByteSink& next)
      : BufferedSink(next, LZ4F_compressBound(kLz4PieceBytes, nullptr) + LZ4F_HEADER_SIZE_MAX) {
    LZ4F_createCompressionContext(&stream_, LZ4F_VERSION);
    preferences_.compressionLevel = level;
    preferences_.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  }
  ~Lz4Compressor() override { LZ4F_freeCompressionContext(stream_); }

  absl::Status Append(absl::string_view bytes) override {
    GRAFT_RETURN_IF_ERROR(Begin());
    while (!bytes.empty()) {
      const absl::string_view piece = bytes.substr(0, kLz4PieceBytes);
      bytes.remove_prefix(piece.size());
      GRAFT_RETURN_IF_ERROR(Took(LZ4F_compressUpdate(stream_, buffer_.data(), buffer_.size(),
                                                     piece.data(), piece.size(), nullptr)));
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    GRAFT_RETURN_IF_ERROR(Begin());
    GRAFT_RETURN_IF_ERROR(Took(LZ4F_compressEnd(stream_, buffer_.data(), buffer_.size(), nullptr)));
    return next_.Finish();
  }

 private:
  absl::Status Begin() {
    if (begun_) return absl::OkStatus();
    begun_ = true;
    return Took(LZ4F_compressBegin(stream_, buffer_.data(), buffer_.size(), &preferences_));
  }

  absl::Status Took(size_t bytes) {
    if (LZ4F_isError(bytes) == 0) return HandOn(bytes);
    return absl::InternalError(absl::StrCat("lz4: ", LZ4F_getErrorName(bytes)));
  }

  LZ4F_cctx* stream_ = nullptr;
  LZ4F_preferences_t preferences_ = {};
  bool begun_ = false;
};

class Lz4Decompressor : public BufferedSink {
 public:
  explicit Lz4Decompressor(ByteSink& next) : BufferedSink(next) {
    LZ4F_createDecompressionContext(&stream_, LZ4F_VERSION);
  }
  ~Lz4Decompressor() override { LZ4F_freeDecompressionContext(stream_); }

  absl::Status Append(absl::string_view bytes) override {
    size_t given = buffer_.size();
    while (!bytes.empty() || given == buffer_.size()) {
      size_t read = bytes.size();
      given = buffer_.size();
      const size_t hint =
          LZ4F_decompress(stream_, buffer_.data(), &given, bytes.data(), &read, nullptr);
      if (LZ4F_isError(hint) != 0) return Damaged(LZ4F_getErrorName(hint));
      bytes.remove_prefix(read);
      if (read > 0 || given > 0) whole_ = hint == 0;
      GRAFT_RETURN_IF_ERROR(HandOn(given));
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    return whole_ ? next_.Finish() : absl::DataLossError(kEndsTooEarly);
  }

 private:
  LZ4F_dctx* stream_ = nullptr;
  bool whole_ = false;  // a frame has just ended
};

}  // namespace

absl::StatusOr<Compression> ParseCompression(absl::string_view engine) {
  if (engine.empty() || engine == "pargzip" || engine == "pgzip") return Compression::kGzip;
  if (engine == "zstd") return Compression::kZstd;
  if (engine == "lz4") return Compression::kLz4;
  if (engine == "external") {
    return absl::UnimplementedError(
        "an external command compressed the backup, and graft runs no command that a backup names: "
        "restore the backup with Vitess's --external-decompressor");
  }
  return absl::UnimplementedError(absl::StrCat("graft cannot read the compression \"", engine,
                                               "\": it knows zstd, pargzip, pgzip and lz4"));
}

absl::string_view EngineName(Compression compression) {
  static constexpr std::array<absl::string_view, 4> kNames = {"", "zstd", "pargzip", "lz4"};
  return kNames[static_cast<size_t>(compression)];
}

std::unique_ptr<ByteSink> MakeCompressor(Compression compression, int level, int workers,
                                         ByteSink& next) {
  if (compression == Compression::kZstd) {
    return std::make_unique<ZstdCompressor>(level, workers, next);
  }
  if (compression == Compression::kGzip) return std::make_unique<GzipCompressor>(level, next);
  if (compression == Compression::kLz4) return std::make_unique<Lz4Compressor>(level, next);
  return std::make_unique<PassingSink>(next);
}

std::unique_ptr<ByteSink> MakeDecompressor(Compression compression, ByteSink& next) {
  if (compression == Compression::kZstd) return std::make_unique<ZstdDecompressor>(next);
  if (compression == Compression::kGzip) return std::make_unique<GzipDecompressor>(next);
  if (compression == Compression::kLz4) return std::make_unique<Lz4Decompressor>(next);
  return std::make_unique<PassingSink>(next);
}

}  // namespace graft
