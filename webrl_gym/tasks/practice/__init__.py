"""Our own templates, one module a site. They import neither engines nor site code."""
