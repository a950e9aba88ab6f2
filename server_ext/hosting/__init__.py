"""A model server as a child process: what kernels and Jupyter servers share to run one."""
