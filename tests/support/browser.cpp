#include "tests/support/browser.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "messages/base/base64.hpp"
#include "tests/support/http.hpp"

namespace liveconnect::test {

namespace {

using json = nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* driver_path = "/usr/bin/chromedriver";
constexpr const char* chromium_path = "/usr/bin/chromium";

/// Bounds a start on a machine that is busy with other tests.
constexpr std::chrono::seconds deadline{60};

} // namespace

bool browser::installed() {
  return std::filesystem::exists(driver_path) && std::filesystem::exists(chromium_path);
}

browser::browser() {
  // Port 0: it says which one it took.
  driver_ = std::make_unique<process>(std::vector<std::string>{driver_path, "--port=0"});
  const auto line = driver_->read_until("was started successfully on port", 30s).value_or("");
  const auto at = line.rfind("port ");
  if (at == std::string::npos)
    throw std::runtime_error("chromedriver did not start: " + driver_->errors());
  address_ = "127.0.0.1:" + std::to_string(std::stoi(line.substr(at + 5)));
  const json options{
      {"binary", chromium_path},
      {"args",
       {"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage", "--user-data-dir=" + (profile_.path() / "profile").string()}}};
  const auto made = command(
      "POST", "/session",
      {{"capabilities",
        {{"alwaysMatch",
          {{"goog:chromeOptions", options}, {"goog:loggingPrefs", {{"browser", "ALL"}}}}}}}});
  session_ = "/session/" + made.at("sessionId").get<std::string>();
}

browser::~browser() {
  try {
    // Chromium's own processes end with their session, not with the driver.
    command("DELETE", session_);
  } catch (const std::exception&) {
  }
}

json browser::command(const std::string& method, const std::string& path, const json& body) {
  const auto answer = http(address_, method, path, body.dump(), deadline);
  const auto read = json::parse(answer.body, nullptr, false);
  if (answer.status != 200 || !read.is_object() || !read.contains("value"))
    throw std::runtime_error(method + " " + path + ": " + std::to_string(answer.status) + " " +
                             answer.body.substr(0, 1000));
  return read["value"];
}

void browser::devtools(const std::string& name, const json& parameters) {
  command("POST", session_ + "/goog/cdp/execute", {{"cmd", name}, {"params", parameters}});
}

void browser::open(const std::string& url) {
  command("POST", session_ + "/url", {{"url", url}});
}

void browser::set_page_size(int width, int height, bool dark) {
  devtools(
      "Emulation.setDeviceMetricsOverride",
      {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", width < 600}});
  devtools("Emulation.setEmulatedMedia",
           {{"features", json::array({{{"name", "prefers-color-scheme"},
                                       {"value", dark ? "dark" : "light"}}})}});
}

json browser::run(const std::string& body) {
  return command("POST", session_ + "/execute/sync", {{"script", body}, {"args", json::array()}});
}

std::string browser::text(const std::string& id) {
  const auto out = run("return document.getElementById('" + id + "').textContent");
  return out.is_string() ? out.get<std::string>() : std::string{};
}

std::vector<std::string> browser::console_errors() {
  std::vector<std::string> out;
  for (const auto& x : command("POST", session_ + "/se/log", {{"type", "browser"}}))
    if (x.value("level", "") == "SEVERE" || x.value("level", "") == "WARNING")
      out.push_back(x.value("message", ""));
  return out;
}

void browser::screenshot(const std::string& path) {
  const auto text = command("GET", session_ + "/screenshot").get<std::string>();
  const auto picture = base64_decode(text);
  if (!picture)
    throw std::runtime_error("no picture");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(picture->data()),
             static_cast<std::streamsize>(picture->size()));
}

} // namespace liveconnect::test
