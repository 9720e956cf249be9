"""Configuration files, variables and `.env` to settings; what a checkout may do with them."""

from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.loader import LoadedSettings, load_settings, read_configuration

__all__ = ["LoadedSettings", "SettingsInputs", "load_settings", "read_configuration"]
