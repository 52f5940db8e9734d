// `assay gate --self-test`: how often the speed rule is wrong on this host. The same rule as for
// binaries judges one kernel against itself, and against itself with 5 % more work.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/statistics.h"
#include "core/text.h"
#include "harness/kernel_probe.h"
#include "harness/measured_process.h"
#include "tool/command.h"
#include "tool/gate_flags.h"

namespace assay::tool {
namespace {

constexpr double kInjected = 0.05;
constexpr double kMostFalseAlarms = 0.01;  // what is promised
constexpr double kLeastPower = 0.90;       // on a quiet host

struct Trials {
  int done = 0;
  int failed = 0;
  std::vector<double> spreads;

  double rate() const { return static_cast<double>(failed) / done; }
  std::string words() const {
    const Interval interval = wilson_interval(failed, done);
    return fmt::format("{} of {} ({:.1f} %, 95 %: {:.1f} to {:.1f})", failed, done, rate() * 100,
                       interval.low * 100, interval.high * 100);
  }
};

void one_trial(const SpeedRule& rule, KernelProbe* probe, double slowdown, Trials* out) {
  const auto measure = [&](Side side) -> Result<Measurement> {
    return Measurement{{"kernel", probe->run(side == Side::candidate ? slowdown : 0)}};
  };
  const SpeedResult result = value_or_throw(run_speed_gate(rule, measure));
  ++out->done;
  out->failed += result.passed() ? 0 : 1;
  out->spreads.push_back(result.spread);
}

}  // namespace

int gate_self_test(const GateFlags& flags) {
  const PinnedHere pinned({one_cpu_of_each_core().front()});
  KernelProbe probe = value_or_throw(KernelProbe::create(flags.kernel_ms / 1000));
  const double started = now_seconds();
  Trials same;
  Trials slower;
  {
    TerminalListener terminal;
    const Listener listener = terminal.listener();
    // Both kinds in turn, so that a busy minute hits both.
    for (int i = 0; i < flags.trials; ++i) {
      one_trial(flags.rule, &probe, 0, &same);
      one_trial(flags.rule, &probe, kInjected, &slower);
      listener.progress({.what = "self-test of the gate",
                         .done = i + 1,
                         .total = flags.trials,
                         .bytes = false,
                         .note = ""});
      throw_if_cancelled(listener, "start it again, with fewer --trials");
    }
  }
  const double spread = *quantile(same.spreads, 0.5);
  const std::string noise = noise_class(flags.rule, spread);
  const bool alarms_ok = same.rate() <= kMostFalseAlarms;
  const bool power_ok = slower.rate() >= kLeastPower;
  if (flags.json) {
    const nlohmann::json out = {{"false_alarm_rate", same.rate()},
                                {"power_at_5_percent", slower.rate()},
                                {"trials", flags.trials},
                                {"false_alarms", same.failed},
                                {"found", slower.failed},
                                {"noise", {{"class", noise}, {"spread", spread}}},
                                {"kernel",
                                 {{"backend", "cpu"},
                                  {"isa", probe.isa()},
                                  {"calls", probe.calls()},
                                  {"seconds", flags.kernel_ms / 1000}}},
                                {"seconds", now_seconds() - started}};
    print(out.dump(2) + "\n");
  } else {
    std::string text = fmt::format(
        "self-test of the speed gate: {} calls of a 576 x 1536 Q8_0 kernel ({}, one thread), "
        "{:.3g} "
        "ms\n",
        probe.calls(), probe.isa(), flags.kernel_ms);
    text += fmt::format("A/A           {} false alarms\n", same.words());
    text += fmt::format("5 % slower    {} found\n", slower.words());
    text += fmt::format("this host     {}: pairs spread by {:.2g} % (median of the A/A trials)\n",
                        noise, spread * 100);
    text += fmt::format("took          {}\n", format_duration(now_seconds() - started));
    if (!alarms_ok) text += "More than 1 false alarm in 100: do not gate on this host.\n";
    if (!power_ok) {
      text += fmt::format(
          "Fewer than 90 of 100 found: on this {} host, {:.0f} % is what the gate "
          "finds of a 5 % slowdown.\n",
          noise, slower.rate() * 100);
    }
    print(text);
  }
  return alarms_ok && (power_ok || noise != "quiet") ? 0 : 1;
}

}  // namespace assay::tool
