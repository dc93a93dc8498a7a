"""When an answer is settled: loops that end early, and candidates that cannot change the answer."""

from bench.report import Report, bench_parser
from bench.settling.loops import report_loops


def main() -> None:
    """Judge planted loops and real answers."""
    options = bench_parser(__doc__, quick="fewer loops and answers").parse_args()
    report = Report("settling")
    report_loops(report, options.data, is_quick=options.quick)
    report.close()


if __name__ == "__main__":
    main()
