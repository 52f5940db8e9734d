#include "harness/fetch/source_note.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace assay::fetch {
namespace {

std::filesystem::path note_path(std::filesystem::path partial) {
  partial += ".source";
  return partial;
}

std::string text_or_empty(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

SourceNote read_source_note(const std::filesystem::path& partial) {
  std::ifstream in(note_path(partial));
  const auto note = nlohmann::json::parse(in, nullptr, false);
  if (!note.is_object()) return {};
  return {text_or_empty(note, "origin"), text_or_empty(note, "etag")};
}

bool write_source_note(const std::filesystem::path& partial, const SourceNote& note) {
  const nlohmann::json object = {{"origin", note.origin}, {"etag", note.etag}};
  std::ofstream out(note_path(partial), std::ios::trunc);
  // An ETag is foreign bytes: what is not UTF-8 is replaced, and then simply never matches.
  out << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  out.close();
  return out.good();
}

void remove_partial(const std::filesystem::path& partial) {
  std::error_code ignored;
  std::filesystem::remove(partial, ignored);
  remove_source_note(partial);
}

void remove_source_note(const std::filesystem::path& partial) {
  std::error_code ignored;
  std::filesystem::remove(note_path(partial), ignored);
}

}  // namespace assay::fetch
