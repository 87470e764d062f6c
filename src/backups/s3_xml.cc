#include "backups/s3_xml.h"

#include <pugixml.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr char kS3Namespace[] = "http://s3.amazonaws.com/doc/2006-03-01/";

// The document's root, which must have this name.
absl::StatusOr<pugi::xml_node> ReadXml(absl::string_view text, const char* root,
                                       pugi::xml_document& document) {
  const pugi::xml_parse_result result = document.load_buffer(
      text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  const pugi::xml_node found = document.child(root);
  if (result && found) return found;
  return absl::FailedPreconditionError(
      absl::StrCat("the answer is no ", root, ", so what answers is no S3: check the endpoint"));
}

absl::Status CutOff() {
  return absl::FailedPreconditionError("the listing is cut off and does not say where it goes on");
}

std::string TextOf(const pugi::xml_node& node, const char* name) {
  return node.child(name).text().get();
}

std::string ToText(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "", pugi::format_raw);
  return out.str();
}

pugi::xml_node AddRoot(pugi::xml_document& document, const char* name) {
  pugi::xml_node root = document.append_child(name);
  root.append_attribute("xmlns") = kS3Namespace;
  return root;
}

void AddText(pugi::xml_node& node, const char* name, const std::string& text) {
  node.append_child(name).text().set(text.c_str());
}

}  // namespace

S3Error ParseS3Error(absl::string_view text) {
  pugi::xml_document document;
  const auto root = ReadXml(text, "Error", document);
  if (!root.ok()) return {};
  return {TextOf(*root, "Code"), TextOf(*root, "Message"), TextOf(*root, "Region")};
}

absl::StatusOr<S3Listing> ParseS3Listing(absl::string_view text) {
  pugi::xml_document document;
  GRAFT_ASSIGN_OR_RETURN(const pugi::xml_node root, ReadXml(text, "ListBucketResult", document));
  S3Listing listing;
  for (const pugi::xml_node& node : root.children("Contents")) {
    listing.objects.push_back({TextOf(node, "Key"), node.child("Size").text().as_llong()});
  }
  for (const pugi::xml_node& node : root.children("CommonPrefixes")) {
    listing.folders.push_back(TextOf(node, "Prefix"));
  }
  if (!root.child("IsTruncated").text().as_bool()) return listing;
  listing.next = TextOf(root, "NextContinuationToken");
  if (!listing.next.empty()) return listing;
  return CutOff();
}

absl::StatusOr<S3Uploads> ParseS3Uploads(absl::string_view text) {
  pugi::xml_document document;
  GRAFT_ASSIGN_OR_RETURN(const pugi::xml_node root,
                         ReadXml(text, "ListMultipartUploadsResult", document));
  S3Uploads uploads;
  for (const pugi::xml_node& node : root.children("Upload")) {
    uploads.uploads.push_back({TextOf(node, "Key"), TextOf(node, "UploadId")});
  }
  uploads.truncated = root.child("IsTruncated").text().as_bool();
  uploads.next_key = TextOf(root, "NextKeyMarker");
  uploads.next_id = TextOf(root, "NextUploadIdMarker");
  if (uploads.truncated && uploads.next_key.empty()) return CutOff();
  return uploads;
}

absl::StatusOr<std::string> ParseS3UploadId(absl::string_view text) {
  pugi::xml_document document;
  GRAFT_ASSIGN_OR_RETURN(const pugi::xml_node root,
                         ReadXml(text, "InitiateMultipartUploadResult", document));
  return TextOf(root, "UploadId");
}

absl::StatusOr<std::string> ParseS3Removals(absl::string_view text) {
  pugi::xml_document document;
  GRAFT_ASSIGN_OR_RETURN(const pugi::xml_node root, ReadXml(text, "DeleteResult", document));
  const pugi::xml_node error = root.child("Error");
  if (!error) return "";
  return absl::StrCat(TextOf(error, "Key"), ": ", TextOf(error, "Code"), " ",
                      TextOf(error, "Message"));
}

std::string S3CompletionText(const std::vector<S3Part>& parts) {
  pugi::xml_document document;
  pugi::xml_node root = AddRoot(document, "CompleteMultipartUpload");
  int number = 0;
  for (const S3Part& part : parts) {
    pugi::xml_node node = root.append_child("Part");
    AddText(node, "PartNumber", absl::StrCat(++number));
    AddText(node, "ETag", part.etag);
    AddText(node, "ChecksumSHA256", part.sha256);
  }
  return ToText(document);
}

std::string S3RemovalText(const std::vector<std::string>& keys) {
  pugi::xml_document document;
  pugi::xml_node root = AddRoot(document, "Delete");
  AddText(root, "Quiet", "true");
  for (const std::string& key : keys) {
    pugi::xml_node node = root.append_child("Object");
    AddText(node, "Key", key);
  }
  return ToText(document);
}

}  // namespace graft
