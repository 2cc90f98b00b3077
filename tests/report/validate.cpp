#include "tests/report/validate.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

namespace bothends::samples {
namespace {

/// A new folder that goes away with this.
class Folder {
 public:
  Folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "bothends-report-XXXXXX").string();
    if (mkdtemp(pattern.data())) path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::string complaint_of(const std::string& command, const std::string& content) {
  Folder folder;
  auto file = folder.path() / "report";
  std::ofstream(file, std::ios::binary) << content;
  auto line = command + " 2>&1";
  if (auto at = line.find('@'); at != line.npos) line.replace(at, 1, file.string());
  std::FILE* output = popen(line.c_str(), "r");
  if (!output) return "cannot run " + command;
  std::string said;
  char buffer[512];
  for (std::size_t count; (count = std::fread(buffer, 1, sizeof buffer, output)) > 0;)
    if (said.size() < 4000) said.append(buffer, count);
  auto status = pclose(output);
  return status == 0 ? "" : said + "\nexit status " + std::to_string(status);
}

std::string schema_complaint(const std::string& json) {
  return complaint_of("python3 -W ignore -m jsonschema -i @ schema/report.schema.json", json);
}

std::string xml_complaint(const std::string& xml) {
  return complaint_of("xmllint --nonet --noout --schema tests/data/junit.xsd @", xml);
}

}  // namespace bothends::samples
