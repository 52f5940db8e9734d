#!/usr/bin/env python3
"""One table of `assay bench --json` reports: gpu_table.py bench-*.json"""
import json
import sys


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def main():
    print(f"{'model':<28}{'numerics':<10}{'work':<16}{'batch':>6}{'tokens/s':>12}{'GB/s':>8}"
          f"{'of read':>9}{'peak GB':>9}")
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as f:
            report = json.load(f)
        peak = report["memory"].get("device_peak_bytes")
        for row in report["bench"]:
            share = row.get("roofline_fraction")
            print(f"{report['model']['name'][:27]:<28}{report['backend']['numerics']:<10}"
                  f"{row['phase'] + ' ' + str(row['tokens']):<16}{row['batch']:>6}"
                  f"{number(row['tokens_per_s'], 1):>12}{number(row['gb_per_s']):>8}"
                  f"{'-' if share is None else f'{share:.0%}':>9}"
                  f"{number(peak / 1e9 if peak else None, 2):>9}")
        device = report["device"]
        state = (device.get("gpu_state") or {}).get("end") or {}
        print(f"  {device['gpu']}, {device['isa']}, read bandwidth measured beside it "
              f"{number(device['bandwidth_gb_per_s'])} GB/s; at the end "
              f"{number(state.get('core_mhz'))} MHz, "
              f"{number(state.get('temperature_c'))} C, {number(state.get('power_w'))} of "
              f"{number(state.get('power_limit_w'))} W, throttled: {state.get('throttle')}; energy "
              f"{number((report.get('energy') or {}).get('joules'))} J")


if __name__ == "__main__":
    main()
