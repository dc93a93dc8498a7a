"""When an answer is settled: loops that end early, and candidates that cannot change the answer."""

from bench.report import Report, bench_parser
from bench.settling.costs import report_costs
from bench.settling.fit import ship
from bench.settling.loops import report_loops
from bench.settling.waits import report_waits


def main() -> None:
    """Judge planted loops, real answers and simulated turns, or fit the weights that ship."""
    parser = bench_parser(__doc__, quick="fewer loops, answers and turns")
    parser.add_argument("--fit", action="store_true", help="fit the weights and write them into the package")
    options = parser.parse_args()
    if options.fit:
        ship(options.data)
        return
    report = Report("settling")
    report_loops(report, options.data, is_quick=options.quick)
    report_waits(report, options.data, is_quick=options.quick)
    report_costs(report, options.data, is_quick=options.quick)
    report.close()


if __name__ == "__main__":
    main()
