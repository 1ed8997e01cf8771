# SPDX-License-Identifier: GPL-2.0-or-later
# Why operations were slow: a panel a workload, a bar a quantile, cut up by cause.
# plots/causes.c gives the variables, and two tables a panel: the tops of a bar's layers; and where
# which share stands as a figure.

W = 1000
LEFT = 78.0
RIGHT = 660.0                     # the legends stand to the right of it
TOP = 62.0
GAP = 34.0                        # above each panel, for its heading
PANEL = 330.0
FOOT = 62.0                       # below each, for the bars' names
H = TOP + panels * (GAP + PANEL + FOOT) + 8
sy(px) = 1 - px / H
sx(px) = px / W

if (format eq 'svg') {
	set terminal svg size W,H name 'wring' font 'sans-serif,12' noenhanced background rgb 'white' linewidth 1
} else {
	set terminal pngcairo size W,H font 'sans-serif,9' noenhanced background rgb 'white'
}
# The SVG terminal counts lines of text higher than the other, and letters smaller
large = format eq 'svg' ? ',19' : ',15'
legend_spacing = format eq 'svg' ? 0.95 : 1.15
set encoding utf8
set output output_file

set multiplot
set lmargin at screen sx(LEFT)
set rmargin at screen sx(RIGHT)
set border 3 lc rgb '#606060'
set tics nomirror out scale 0.6 textcolor rgb '#202020'
set grid ytics lt 1 lw 0.5 lc rgb '#d9d9d9'
set style fill solid 1 border rgb '#ffffff'
set boxwidth 0.78
set yrange [0:1]
set ytics ('0 %%' 0, '20 %%' 0.2, '40 %%' 0.4, '60 %%' 0.6, '80 %%' 0.8, '100 %%' 1)
unset xtics
set label 1 title_text at screen sx(LEFT), screen sy(20) left font large
set label 2 subtitle_text at screen sx(LEFT), screen sy(42) left textcolor rgb '#404040'

bottom = TOP - FOOT
do for [n = 1:panels] {
	eval sprintf("workload = causes_%d_workload; bars = causes_%d_bars; layers = causes_%d_layers", n, n, n)
	eval sprintf("shares = causes_%d_shares; figures = causes_%d_figures", n, n)
	array title[layers]
	array colour[layers]
	do for [i = 1:layers] {
		eval sprintf("title[i] = causes_%d_title[i]; colour[i] = causes_%d_colour[i]", n, n)
	}
	panel_top = bottom + FOOT + GAP
	bottom = panel_top + PANEL
	set tmargin at screen sy(panel_top)
	set bmargin at screen sy(bottom)
	set xrange [0.4:bars + 0.6]
	set label 5 'What the slowest operations of '.workload.' were in, by their time' \
		at screen sx(LEFT), screen sy(panel_top - 12) left
	do for [i = 1:bars] {
		eval sprintf("name = causes_%d_quantile[i]; took = causes_%d_latency[i]; many = causes_%d_operations[i]", n, n, n)
		set label 10 + i name at first i, screen sy(bottom + 14) center
		set label 30 + i took at first i, screen sy(bottom + 31) center
		set label 50 + i many at first i, screen sy(bottom + 48) center textcolor rgb '#404040'
	}
	set label 6 'latency' at screen sx(LEFT - 8), screen sy(bottom + 31) right textcolor rgb '#404040'
	set label 7 'operations' at screen sx(LEFT - 8), screen sy(bottom + 48) right textcolor rgb '#404040'
	set key at screen sx(RIGHT + 12), screen sy(panel_top - 4) left top Left reverse vertical \
		maxrows 40 samplen 1.2 spacing legend_spacing width -2 textcolor rgb '#202020'
	plot for [i = layers:1:-1] shares using 1:(column(i + 1)) with boxes \
			fillcolor rgb colour[i] title title[i], \
		figures using 1:2:(sprintf('%.0f %%', 100 * $3)):($4 > 0 ? 0xFFFFFF : 0x202020) \
			with labels textcolor rgb variable notitle
	do for [i = 1:bars] { unset label 10 + i; unset label 30 + i; unset label 50 + i }
	do for [i = 1:2] { unset label i }
}
unset multiplot
set output
