"""What the ranking bench measures is what live turns call."""

import grimp


def test_all_of_the_pipeline_that_the_ranking_bench_imports_is_reachable_from_a_turn() -> None:
    graph = grimp.build_graph("aggregator", "bench")
    measured = {
        imported
        for module in graph.modules
        if module.startswith("bench.ranking")
        for imported in graph.find_modules_directly_imported_by(module)
        if imported.startswith("aggregator.pipeline")
    }
    live = graph.find_upstream_modules("aggregator.execution.runner")

    assert measured
    assert measured <= live
