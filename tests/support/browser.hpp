#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::test {

/// A headless Chromium driven over WebDriver (plain HTTP to chromedriver), with a profile of its
/// own. Every failure throws std::runtime_error.
class browser {
public:
  /// Whether both programs are on this machine.
  static bool installed();

  browser();
  ~browser();

  browser(const browser&) = delete;
  browser& operator=(const browser&) = delete;

  void open(const std::string& url);
  /// Makes the page this wide, in CSS pixels, as a phone does: also below what a window allows.
  void set_page_size(int width, int height, bool dark = false);
  /// Runs the body of a function; what it returns.
  nlohmann::json run(const std::string& body);
  /// The text of an element by its id.
  std::string text(const std::string& id);
  /// What has stood in the console since the last call: errors of scripts, refused resources, 404s.
  std::vector<std::string> console_errors();
  /// A PNG of the page.
  void screenshot(const std::string& path);

private:
  nlohmann::json command(const std::string& method, const std::string& path,
                         const nlohmann::json& body = nlohmann::json::object());
  void devtools(const std::string& name, const nlohmann::json& parameters);

  temporary_folder profile_;
  std::unique_ptr<process> driver_;
  std::string address_;
  std::string session_;
};

} // namespace liveconnect::test
