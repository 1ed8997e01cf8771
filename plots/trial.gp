# SPDX-License-Identifier: GPL-2.0-or-later
# One trial: five panels over one time axis. plots/trial.c gives the variables and tables; each
# table's first column is the time in seconds, and each further one a series.

W = 1000
LEFT = 78.0
RIGHT = 800.0                     # the legends stand to the right of it
GAP = 30.0                        # above each panel, for its heading
array height[5] = [210, 180, 140, 140, 140]
strip_top = outcome eq '' ? 62.0 : 82.0
strip_bottom = strip_top + 17 * phase_lines + 3
H = strip_bottom + 5 * GAP + 210 + 180 + 3 * 140 + 54
sy(px) = 1 - px / H
sx(px) = px / W

if (format eq 'svg') {
	set terminal svg size W,H name 'wring' font 'sans-serif,12' noenhanced background rgb 'white' linewidth 1
} else {
	set terminal pngcairo size W,H font 'sans-serif,9' noenhanced background rgb 'white'
}
# The SVG terminal counts lines of text higher than the other, and letters smaller
large = format eq 'svg' ? ',19' : ',15'
legend_spacing = format eq 'svg' ? 0.77 : 0.95
label_rise = format eq 'svg' ? 0.5 : 0.3
set encoding utf8
set output output_file

# Okabe and Ito's palette: black, blue, orange, green, purple, sky, vermillion, yellow; and grey
array palette[9] = [0x000000, 0x0072B2, 0xE69F00, 0x009E73, 0xCC79A7, 0x56B4E9, 0xD55E00, 0xF0E442, 0x808080]
# By role: current, swap, max, high, low, min, some, (stack), total
set dashtype 11 (3, 3)
set dashtype 12 (10, 4)
set dashtype 13 (10, 3, 2, 3)
set dashtype 14 (2, 6)
array dash[9] = [1, 11, 1, 12, 13, 14, 11, 1, 1]
array width[9] = [1.8, 1.4, 0.9, 1.1, 1.1, 1.1, 1.1, 1, 1.1]
ROLE_STACK = 7
# gnuplot looks at a loop's first element even where the loop has none
within(i) = i >= 1 && i <= count ? i : 1
colour_of(i) = palette[int(colour[within(i)]) % 9 + 1]
dash_of(i) = dash[int(role[within(i)]) + 1]
width_of(i) = width[int(role[within(i)]) + 1]
title_of(i) = title[within(i)]

set multiplot
set lmargin at screen sx(LEFT)
set rmargin at screen sx(RIGHT)
set border 3 lc rgb '#606060'
set tics nomirror out scale 0.6 textcolor rgb '#202020'
set grid ytics lt 1 lw 0.5 lc rgb '#d9d9d9'
set xrange [time_start:time_end]
set format x ''
set samples 2

# Phases: a strip with their names, shading through all panels for what is not measured.
shade(i) = phase_name[i] eq 'measured' ? 0xFFFFFF : 0xEEF1F4
tint(i) = phase_name[i] eq 'measured' ? 0xCFE8DF : 0xDDE3E8
do for [i = 1:phase_count] {
	set object i rectangle from first phase_start[i], graph 0 to first phase_end[i], graph 1 \
		behind fillcolor rgb shade(i) fillstyle solid noborder
	set arrow i from first phase_start[i], graph 0 to first phase_start[i], graph 1 \
		nohead back lt 1 lw 0.7 lc rgb '#909090'
	set arrow 100 + i from first phase_end[i], graph 0 to first phase_end[i], graph 1 \
		nohead back lt 1 lw 0.7 lc rgb '#909090'
	set object 100 + i rectangle from first phase_start[i], screen sy(strip_top) \
		to first phase_end[i], screen sy(strip_bottom) noclip \
		behind fillcolor rgb tint(i) fillstyle solid noborder
	set arrow 200 + i from first phase_start[i], screen sy(strip_top) \
		to first phase_start[i], screen sy(strip_bottom) nohead front lt 1 lw 0.7 lc rgb '#909090'
	set label 100 + i phase_name[i] at first phase_at[i], \
		screen sy(strip_top + 10 + 17 * phase_line[i]) center front textcolor rgb '#202020'
}
set label 1 title_text at screen sx(LEFT), screen sy(20) left font large
set label 2 subtitle_text at screen sx(LEFT), screen sy(42) left textcolor rgb '#404040'
set label 3 outcome at screen sx(LEFT), screen sy(62) left textcolor rgb '#B04A00'
set label 4 'phase' at screen sx(LEFT - 10), screen sy(strip_top + 10) right textcolor rgb '#404040'

bottom = strip_bottom
do for [n = 1:5] {
	if (n == 1) { name = 'memory'; heading = memory_title_text }
	if (n == 2) { name = 'reclaim'; heading = 'Pages reclaimed, by reclaimer (filled), and pages scanned (line)' }
	if (n == 3) { name = 'refault'; heading = 'Pages that came back (refaults), and swap traffic' }
	if (n == 4) { name = 'pressure'; heading = 'Time stalled for memory (PSI): full, all tasks; some, at least one' }
	if (n == 5) { name = 'work'; heading = 'Work done' }
	eval sprintf("count = %s_count; top = %s_top; unit = %s_unit; absent = %s_absent; table = %s", name, name, name, name, name)
	array title[count > 0 ? count : 1]
	array role[count > 0 ? count : 1]
	array colour[count > 0 ? count : 1]
	title[1] = ''; role[1] = 0; colour[1] = 0
	stacked = 0
	do for [i = 1:count] {
		eval sprintf("title[i] = %s_title[i]; role[i] = %s_role[i]; colour[i] = %s_colour[i]", name, name, name)
		stacked = stacked + (role[i] == ROLE_STACK)
	}
	# no tick label of more than five digits
	scale = top >= 2e7 ? 1e6 : top >= 2e4 ? 1e3 : 1
	scale_name = scale == 1e6 ? 'million ' : scale == 1e3 ? '1000 ' : ''

	panel_top = bottom + GAP
	bottom = panel_top + height[n]
	set tmargin at screen sy(panel_top)
	set bmargin at screen sy(bottom)
	set label 5 heading at screen sx(LEFT), screen sy(panel_top - 10) left
	set ylabel scale_name.unit offset character 0.5, 0 textcolor rgb '#404040'
	set yrange [0:(top > 0 ? 1.06 * top / scale : 1)]
	set key at screen sx(RIGHT + 12), screen sy(panel_top - 4) left top Left reverse vertical \
		maxrows 40 samplen 2.2 spacing legend_spacing width -2 textcolor rgb '#202020'
	unset label 6
	set ytics auto
	if (count == 0) {
		set label 6 (absent ? 'not in this record' : 'none in this trial') at graph 0.5, 0.5 center textcolor rgb '#707070'
		set ytics (0)
	}
	if (n == 5) {
		set format x '%g'
		set xlabel time_text offset 0, label_rise textcolor rgb '#202020'
	}
	plot for [i = stacked:1:-1] table using 1:(column(i + 1) / scale) with filledcurves y=0 \
			fillcolor rgb colour_of(i) title title_of(i), \
		for [i = stacked + 1:count] table using 1:(column(i + 1) / scale) with lines \
			linecolor rgb colour_of(i) linewidth width_of(i) dashtype dash_of(i) \
			title title_of(i), \
		NaN notitle
	if (n == 1) {
		do for [i = 1:phase_count] {
			unset object 100 + i
			unset arrow 200 + i
			unset label 100 + i
		}
		do for [i = 1:4] { unset label i }
	}
}
unset multiplot
set output
