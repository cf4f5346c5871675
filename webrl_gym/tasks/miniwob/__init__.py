"""The MiniWoB++ tasks (Liu et al. 2018, arXiv 1802.08802), on the pages that PyPI's ``miniwob`` ships."""
