# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: "Generating, deeper"
#     lesson: 9
#     minutes: 1
#     compute: 38
#     objectives:
#       - Compare
# ---

# %% [markdown]
# ## A

# %%
x = 1
