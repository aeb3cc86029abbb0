"""The boards as Grafana draws them, measured and pictured.

`make boards-look`, `python -m proofs.boards.look`.

Grafana's own built frontend runs in Chromium against a small server of ours, which answers the few HTTP APIs
that the frontend needs; queries go to a real Prometheus that has a story of `proofs.history`. Every picture
is measured in the page: text that lies over other text, text that its box cuts, contrast, paging controls,
how much of the screen stays empty, how large what one acts on is.

    python -m proofs.boards.look --public DIR             # all pictures; DIR: Grafana's public/
    python -m proofs.boards.look --only 'wall 1366'       # those whose line has these words
    python -m proofs.boards.look --list
    python -m proofs.boards.look --serve slip             # look yourself, until Ctrl-C

The frontend is part of no checkout: $GRAFANA_PUBLIC or --public says where its files are. The folder has
build/assets-manifest.json.
"""
