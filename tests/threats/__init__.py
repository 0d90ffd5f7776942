"""A test for each threat of docs/threat-model.md that no other test is about, and the test that the page is whole."""
