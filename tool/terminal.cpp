#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/clock.h"
#include "core/text.h"
#include "tool/command.h"

namespace assay::tool {

bool interrupted();

struct TerminalListener::State {
  bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  bool bar_shown = false;
  std::string what;
  double started = 0;
  double last_drawn = 0;
  double last_fraction = 0;

  void clear_bar() {
    if (bar_shown) std::fputs("\r\033[K", stderr);
    bar_shown = false;
  }
  void show(const Progress& progress);
  void draw_bar(const Progress& progress, double fraction, const std::string& counts);
};

namespace {

std::string counts_of(const Progress& p) {
  const auto amount = [&p](std::int64_t n) {
    return p.bytes ? format_bytes(n) : fmt::format("{}", n);
  };
  return p.total > 0 ? fmt::format("{} of {}", amount(p.done), amount(p.total)) : amount(p.done);
}

int terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

void TerminalListener::State::draw_bar(const Progress& progress, double fraction,
                                       const std::string& counts) {
  constexpr int kBarColumns = 24;
  const int filled = static_cast<int>(fraction * kBarColumns);
  std::string line = fmt::format("{}  [{:=<{}}{: <{}}] {}", sanitize_for_terminal(progress.what),
                                 "", filled, "", kBarColumns - filled, counts);
  if (!progress.note.empty()) line += "  " + progress.note;
  const double elapsed = now_seconds() - started;
  if (fraction > 0.02 && fraction < 1 && elapsed > 3) {
    line += fmt::format("  {} left", format_duration(elapsed / fraction * (1 - fraction)));
  }
  const auto columns = static_cast<std::size_t>(std::max(20, terminal_columns() - 1));
  if (line.size() > columns) line.resize(columns);
  fmt::print(stderr, "\r\033[K{}", line);
  std::fflush(stderr);
  bar_shown = true;
}

void TerminalListener::State::show(const Progress& progress) {
  const double now = now_seconds();
  const double fraction =
      progress.total > 0
          ? std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total))
          : 0;
  const bool is_new = progress.what != what;
  if (is_new) {
    what = progress.what;
    started = now;
    last_drawn = 0;
    last_fraction = 0;
  }
  if (is_terminal) {
    if (now - last_drawn < 0.1 && fraction < 1) return;
    draw_bar(progress, fraction, counts_of(progress));
  } else {
    const double quiet = now - std::max(last_drawn, started);
    const bool due = quiet >= 10 || (quiet >= 1 && fraction - last_fraction >= 0.1);
    if (!is_new && !due) return;
    last_fraction = fraction;
    const std::string note = progress.note.empty() ? "" : "  " + progress.note;
    fmt::print(stderr, "{}: {}{}\n", sanitize_for_terminal(progress.what), counts_of(progress),
               note);
  }
  last_drawn = now;
}

std::size_t output_columns() {
  constexpr std::size_t kNarrowest = 60;
  constexpr std::size_t kWidest = 120;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return std::clamp<std::size_t>(size.ws_col, kNarrowest, kWidest);
}

TerminalListener::TerminalListener() : state_(std::make_unique<State>()) {}

TerminalListener::~TerminalListener() {
  state_->clear_bar();
}

Listener TerminalListener::listener() {
  Listener listener;
  State* state = state_.get();
  listener.progress = [state](const Progress& progress) { state->show(progress); };
  listener.note = [state](const std::string& note) {
    state->clear_bar();
    fmt::print(stderr, "{}\n", sanitize_for_terminal(note));
  };
  listener.cancelled = [] { return interrupted(); };
  return listener;
}

}  // namespace assay::tool
