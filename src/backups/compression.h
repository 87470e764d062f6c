// The compressions of Vitess's builtin backups, as streams: zstd (graft's own choice), gzip (what
// Vitess calls pargzip and pgzip) and lz4.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backups/byte_sink.h"

namespace graft {

enum class Compression { kNone, kZstd, kGzip, kLz4 };

// Of a MANIFEST's CompressionEngine; empty is pargzip, as in Vitess. UNIMPLEMENTED: an engine that
// graft cannot read; "external" is a command of whoever wrote the backup, and is never run.
absl::StatusOr<Compression> ParseCompression(absl::string_view engine);

// "zstd", "pargzip", "lz4"; empty for kNone.
absl::string_view EngineName(Compression compression);

// `level`: of the library; 1 is quick, Vitess's default. `workers`: further threads of zstd's own;
// the others have none.
std::unique_ptr<ByteSink> MakeCompressor(Compression compression, int level, int workers,
                                         ByteSink& next);

// Reads what one compressor or several, one after the other, have written (pargzip writes a gzip
// member for each MiB). DATA_LOSS: the bytes are damaged, or end too early.
std::unique_ptr<ByteSink> MakeDecompressor(Compression compression, ByteSink& next);

}  // namespace graft
