// Reports are checked by the programs that others would read them with.
#pragma once

#include <string>

namespace bothends::samples {

/// Writes `content` to a file of its own and runs `command` with the file's name in place of "@". What the command
/// printed, cut short, and its exit status if that was not 0; empty: it was content.
std::string complaint_of(const std::string& command, const std::string& content);

/// By schema/report.schema.json. Tests run in the root of the source tree.
std::string schema_complaint(const std::string& json);
/// By tests/data/junit.xsd.
std::string xml_complaint(const std::string& xml);

}  // namespace bothends::samples
