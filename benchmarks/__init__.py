"""What a verdict costs: time and memory against size, measured beside other ways to get the same verdict.

    python -m benchmarks             measures everything: some ten minutes on two quiet cores
    python -m benchmarks --quick     small sizes only: a minute

*How it is measured* (`measure`). Every figure is of a whole process that has just been started, imports and compiling included,
and is told by the kernel when it has ended: wall-clock time, processor time, the most memory it held. Contenders take turns,
since the speed of a machine changes from minute to minute; of several turns the best counts, and targets are ratios within one
run.

*What is compared.* Before times are, answers must be: each run must prove what is to be proved, and find as many states as are
known beforehand, from a closed form or from a published list (`counts`). Otherwise `Disagreement` ends the whole.

*Where to add one.* A benchmark is a module with a `Benchmark` (see `benchmark`), listed in `__main__`. It makes samples, and
says of samples, measured or read from a file, which targets they meet. Everything else (table, picture, page) is made from
samples.
"""
