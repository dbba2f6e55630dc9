module xtrinode.local/crowd

go 1.25
