"""What each dataset's SQL reads, out of the cache of facts that `dli validate` keeps too."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from dli_adapters.analysis_cache.store import FileFactsStore
from dli_adapters.analysis_pool.processes import ForkedWorkers
from dli_adapters.clock.system import SystemClock
from dli_adapters.folders import cache_folder
from dli_adapters.memory.remembered import RememberedSpecSource
from dli_adapters.settings.loader import LoadedSettings
from dli_adapters.yaml_specs.schema_snapshot import read_schema_snapshot
from dli_adapters.yaml_specs.spec_files import YamlSpecFiles
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.usecases.check_project import CheckProject

if TYPE_CHECKING:
    from dli_domain.analysis.facts import SpecFacts
    from dli_domain.ports.spec_files import ReadFile


def upstream_by_lineage(loaded: LoadedSettings) -> dict[str, tuple[str, ...]]:
    """The datasets that each dataset's statements read, by name.

    A spec is analysed when it is new or changed; else its facts come from the cache.
    """
    settings = loaded.settings
    root = str(loaded.require_project())
    files = YamlSpecFiles(settings.project)
    deciding = repr((settings.project, sorted(settings.env.items()), settings.parameters))
    known, _ = read_schema_snapshot(root)
    check = CheckProject(
        files=files,
        examine=_examining(loaded, files),
        store=FileFactsStore(cache_folder(os.environ), settings.project.root or "", deciding),
        workers=ForkedWorkers(),
        clock=SystemClock(),
        known=known,
    )
    return {name: tuple(reads) for name, reads in check().judge.graph.items()}


def _examining(
    loaded: LoadedSettings, files: YamlSpecFiles
) -> "Callable[[str], tuple[SpecFacts, tuple[ReadFile, ...]]]":
    settings = loaded.settings
    specs = RememberedSpecSource(YamlSpecSource(settings.project))

    def examine(path: str) -> "tuple[SpecFacts, tuple[ReadFile, ...]]":
        # sqlglot and jinja2: where nothing changed neither is needed
        from dli_domain.usecases.examine_spec import ExamineSpec  # noqa: PLC0415
        from dli_domain.usecases.render_resource import RenderResource  # noqa: PLC0415

        render = RenderResource(
            specs=specs,
            clock=SystemClock(),
            engine=None,
            default_dialect=settings.project.default_dialect,
            variables=settings.project.variables,
            env=settings.env,
        )
        read = files.read(path)
        return ExamineSpec(render=render, common=settings.parameters)(read), read.files

    return examine
