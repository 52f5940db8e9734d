// A task's retention in words: one list for every page, table and terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

namespace assay {

struct RetentionValue {
  enum class Form {
    reference,  ///< the reference run, named
    rate,       ///< {value, ci95}
    share,      ///< a number 0..1
    count,
    number,  ///< nats, losses
    table    ///< a 2x2 table of a yes-or-no result in both runs
  };
  std::string_view name;   ///< in CSV: "forced_step_share"
  std::string_view label;  ///< short, for a table
  std::string_view text;   ///< one sentence
  std::string_view path;   ///< JSON pointer inside report.json's tasks[].retention
  Form form = Form::rate;
};

/// In the order in which they are read.
std::span<const RetentionValue> retention_values();
/// The one of that name, or null.
const RetentionValue* retention_value(std::string_view name);

/// The member of a retention object that a value is about; null when it is not there.
nlohmann::json read_retention(const RetentionValue& value, const nlohmann::json& retention);
/// What read_retention gave, as a person reads it; "–" for null. Foreign text is not sanitised.
std::string show_retention(const RetentionValue& value, const nlohmann::json& read);

/// A value of a retention object as an HTML cell's content; a rate has its bar.
std::string retention_cell(const RetentionValue& value, const nlohmann::json& retention);

/// The survival curve of free retention at powers of two, one sentence; may be empty.
std::string retention_survival(const nlohmann::json& retention);

/// What is not known of a retention object and why, a sentence each; may be empty.
std::string retention_gaps(const nlohmann::json& retention);

/// Why a published "85 % chain retention" is none of these numbers.
std::string_view published_retention_note();

}  // namespace assay
