"""RESULTS.md keeps the section that a run did not measure."""


def test_a_run_replaces_its_own_section_and_no_other(bench, tmp_path):
    results = bench("results")
    file = tmp_path / "RESULTS.md"

    results.write("Growth", "### Models\n\nold growth", file)
    results.write("Comparison", "old comparison", file)
    results.write("Comparison", "new comparison\n", file)

    assert results.read(file) == {
        "Comparison": "new comparison",
        "Growth": "### Models\n\nold growth",
    }
    assert file.read_text().startswith("# Results")
    assert file.read_text().index("## Comparison") < file.read_text().index("## Growth")
