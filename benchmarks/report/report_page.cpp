#include "benchmarks/report/report_page.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "benchmarks/questions/campaign.hpp"
#include "benchmarks/report/report.hpp"
#include "benchmarks/subjects/machine_info.hpp"
#include "cli/shell/child_process.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

constexpr auto gnuplot_deadline = std::chrono::seconds(60);

std::string escaped(const std::string& x) {
  std::string out;
  for (const char c : x)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
    }
  return out;
}

/// A label of a plot: a field of gnuplot's data file.
std::string in_quotes(std::string x) {
  std::replace_if(
      x.begin(), x.end(), [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20; }, '\'');
  return '"' + x + '"';
}

std::vector<std::string> subject_names(const json& result) {
  std::vector<std::string> out;
  for (const auto& x : result["scenarios"])
    for (const auto& y : x["subjects"].items())
      if (std::find(out.begin(), out.end(), y.key()) == out.end())
        out.push_back(y.key());
  return out;
}

/// A subject's figure in a scenario; nothing where it is not there.
std::optional<double> figure(const json& scenario, const std::string& subject, const char* metric) {
  const auto found = scenario["subjects"].find(subject);
  if (found == scenario["subjects"].end())
    return std::nullopt;
  const auto& summary = (*found)["summary"];
  const auto at = summary.find(metric);
  return at == summary.end() ? std::nullopt : std::optional<double>{at->get<double>()};
}

/// The bars of one plot: a group a row, a bar a column.
struct bars {
  std::vector<std::string> columns;
  std::vector<std::pair<std::string, std::vector<std::optional<double>>>> rows;

  void add(std::string label, std::vector<std::optional<double>> figures) {
    const bool any =
        std::any_of(figures.begin(), figures.end(), [](const auto& x) { return x && *x > 0; });
    if (any)
      rows.emplace_back(std::move(label), std::move(figures));
  }

  std::string data() const {
    std::string out = "\"\"";
    for (const auto& x : columns)
      out += " " + in_quotes(x);
    out += "\n";
    for (const auto& [label, figures] : rows) {
      out += in_quotes(label);
      for (const auto& x : figures)
        // A logarithm has no place for 0; ? is gnuplot's missing value.
        out += x && *x > 0 ? fmt::format(" {}", *x) : " ?";
      out += "\n";
    }
    return out;
  }
};

bars rates_of(const json& result) {
  bars out;
  out.columns = subject_names(result);
  for (const auto& x : result["scenarios"])
    for (const auto* metric : {"messages_per_second", "round_trips_per_second", "pairs_per_second",
                               "operations_per_second"}) {
      std::vector<std::optional<double>> row;
      for (const auto& subject : out.columns)
        row.push_back(figure(x, subject, metric));
      out.add(x["name"], row);
    }
  return out;
}

bars latencies_of(const json& result) {
  bars out;
  const auto subjects = subject_names(result);
  for (const auto& subject : subjects)
    for (const auto* share : {"p50", "p99", "p99.9"})
      out.columns.push_back(subject + " " + share);
  for (const auto& x : result["scenarios"]) {
    std::vector<std::optional<double>> row;
    for (const auto& subject : subjects)
      for (const auto* metric : {"p50_us", "p99_us", "p999_us"})
        row.push_back(figure(x, subject, metric));
    out.add(x["name"], row);
  }
  return out;
}

std::string plot_script(const bars& x, const std::string& data, const std::string& image,
                        const std::string& title, const std::string& axis) {
  return fmt::format(
      "set terminal svg size 960,{} dynamic noenhanced font 'sans-serif,13' background '#ffffff'\n"
      "set output {}\n"
      "set title {}\n"
      "set datafile missing '?'\n"
      "set style data histogram\n"
      "set style histogram clustered gap 1\n"
      "set style fill solid 0.85 noborder\n"
      "set boxwidth 0.9\n"
      "set logscale y\n"
      "set grid ytics\n"
      "set ylabel {}\n"
      "set format y '%.0s %c'\n"
      "set xtics rotate by -25 scale 0\n"
      "set key outside top right\n"
      "plot for [i=2:{}] {} using i:xtic(1) title columnheader(i)\n",
      420 + 10 * static_cast<int>(x.columns.size()), in_quotes(image), in_quotes(title), in_quotes(axis),
      x.columns.size() + 1, in_quotes(data));
}

caf::error cannot_write(const std::filesystem::path& where) {
  return fail(ec::disk_failed, where.string() + " cannot be written. Name a folder that can be "
                                                "written to.");
}

caf::error write_text(const std::filesystem::path& where, const std::string& text) {
  std::ofstream file(where, std::ios::trunc);
  file << text;
  return file.flush() ? caf::error{} : cannot_write(where);
}

caf::error draw(const std::filesystem::path& folder, const std::string& name, const bars& x,
                const std::string& title, const std::string& axis) {
  const auto data = folder / (name + ".dat");
  const auto script = folder / (name + ".gnuplot");
  if (auto err = write_text(data, x.data()))
    return err;
  if (auto err = write_text(
          script, plot_script(x, data.string(), (folder / (name + ".svg")).string(), title, axis)))
    return err;
  auto child = cli::child_process::start(
      {find_program("gnuplot"), {script.string()}, folder / (name + ".log")});
  if (!child)
    return child.error();
  if (child->wait(gnuplot_deadline).value_or(-1) != 0)
    return fail(ec::internal, "gnuplot could not draw " + name + ".svg. Look at " +
                                  (folder / (name + ".log")).string() + ".");
  std::error_code ignored;
  for (const auto& x_done : {data, script, folder / (name + ".log")})
    std::filesystem::remove(x_done, ignored);
  return caf::none;
}

std::string scenario_html(const json& x) {
  std::string out =
      fmt::format("<h2>{}</h2>\n<div class=\"wide\"><table>\n<tr><th></th>", escaped(x["name"]));
  for (const auto& y : x["subjects"].items())
    out += fmt::format("<th>{}</th>", escaped(y.key()));
  for (const auto& y : x["ratios"].items())
    out += fmt::format("<th>x {}</th>", escaped(y.key()));
  out += "</tr>\n";
  for (const auto& about : all_metrics()) {
    std::string row;
    bool any = false;
    for (const auto& y : x["subjects"].items()) {
      const auto value = figure(x, y.key(), about.name);
      any = any || value;
      row += fmt::format("<td>{}</td>", value ? short_number(*value) : "");
    }
    for (const auto& y : x["ratios"].items()) {
      const auto at = y.value().find(about.name);
      row +=
          at == y.value().end() ? "<td></td>" : fmt::format("<td>{:.2f}</td>", at->get<double>());
    }
    if (any)
      out += fmt::format("<tr><th title=\"{}\">{} <small>{}</small></th>{}</tr>\n",
                         escaped(about.meaning), about.name, escaped(about.unit), row);
  }
  return out + "</table></div>\n";
}

std::string goals_html(const json& goals) {
  std::string out = "<h2>Goals</h2>\n<div class=\"wide\"><table>\n<tr><th>What</th><th>Goal</th>"
                    "<th>measured</th><th>reference</th><th>ratio</th><th>met?</th></tr>\n";
  for (const auto& x : goals)
    out += fmt::format("<tr><th>{}</th><td>{}</td><td>{} {}</td><td>{}</td><td>{:.2f}</td>"
                       "<td class=\"{}\">{}</td></tr>\n",
                       escaped(x["what"]), escaped(x["goal"]),
                       short_number(x["measured"].get<double>()), escaped(x["unit"]),
                       short_number(x["reference"].get<double>()), x["ratio"].get<double>(),
                       x["met"].get<bool>() ? "yes" : "no", x["met"].get<bool>() ? "yes" : "no");
  return out + "</table></div>\n";
}

} // namespace

caf::error check_gnuplot() {
  if (!find_program("gnuplot").empty())
    return caf::none;
  return fail(ec::bad_config, "gnuplot is not on this machine, and the report page has plots. "
                              "Install the package gnuplot-nox, or leave out --report.");
}

std::string page_of(const json& result, bool has_rates, bool has_latencies) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>liveconnect-bench</title>\n<style>\n"
      "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:auto;padding:1rem}\n"
      "img{max-width:100%}.wide{overflow-x:auto}\n"
      "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
      "th,td{text-align:right;padding:.15rem .6rem;border-bottom:1px solid #ccc}\n"
      "th:first-child{text-align:left;font-weight:normal}.no{color:#b00020;font-weight:bold}\n"
      "</style></head><body>\n<h1>liveconnect-bench</h1>\n";
  const auto& machine = result["machine"];
  out += fmt::format("<p>{}<br>commit {}<br>{}, {} cores<br>{}<br>{}</p>\n",
                     escaped(result["time"]), escaped(result["commit"]), escaped(machine["cpu"]),
                     machine["cores"].get<unsigned>(), escaped(machine["kernel"]),
                     escaped(machine["system"]));
  for (const auto& x : result["versions"].items())
    out += fmt::format("<p>{}: {}</p>\n", escaped(x.key()), escaped(x.value()));
  if (result.contains("headlines")) {
    out += "<h2>In short</h2>\n<p>";
    for (const auto& x : result["headlines"])
      out += escaped(x) + "<br>\n";
    out += "</p>\n";
  }
  if (result.contains("goals"))
    out += goals_html(result["goals"]);
  if (has_rates)
    out += "<h2>Rates</h2>\n<p><img src=\"rates.svg\" alt=\"Rates of each scenario, "
           "logarithmic\"></p>\n";
  if (has_latencies)
    out += "<h2>Latencies</h2>\n<p><img src=\"latencies.svg\" alt=\"Latencies of each scenario, "
           "logarithmic\"></p>\n";
  for (const auto& x : result["scenarios"])
    out += scenario_html(x);
  return out + "<p><a href=\"result.json\">All figures, each round's too</a></p>\n</body></html>\n";
}

caf::error write_report_page(const std::filesystem::path& folder, const json& result) {
  if (auto err = check_gnuplot())
    return err;
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem)
    return cannot_write(folder);
  const auto rates = rates_of(result);
  const auto latencies = latencies_of(result);
  if (!rates.rows.empty())
    if (auto err = draw(folder, "rates", rates, "Rates", "a second"))
      return err;
  if (!latencies.rows.empty())
    if (auto err = draw(folder, "latencies", latencies, "Latency", "microseconds"))
      return err;
  if (auto err = write_result((folder / "result.json").string(), result))
    return err;
  return write_text(folder / "index.html",
                    page_of(result, !rates.rows.empty(), !latencies.rows.empty()));
}

} // namespace liveconnect::bench
