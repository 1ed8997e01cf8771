# SPDX-License-Identifier: GPL-2.0-or-later
# A metric over runs: a panel a series, runs from left to right in the order in which they began.
# plots/history.c gives the variables and the tables; each row begins with its panel's number.
#   points: run, median, least, most    seeds: run, value    gaps: run
#   levels: from, to, value

W = 1000
LEFT = 84.0
RIGHT = 976.0
TOP = 74.0
HEAD = 30.0                       # a panel's heading
BODY = 168.0                      # and its picture
STRIP = 20.0                      # of that, above: what changed; below: kernel releases
GAP = 16.0
BOTTOM = 58.0
PANEL = HEAD + BODY + GAP
H = TOP + PANEL * panel_count + BOTTOM
sy(px) = 1 - px / H
sx(px) = 1.0 * px / W
x_px(x) = LEFT + (RIGHT - LEFT) * (x - 0.5) / run_count

if (format eq 'svg') {
	set terminal svg size W,H name 'wring' font 'sans-serif,12' noenhanced background rgb 'white' linewidth 1
} else {
	set terminal pngcairo size W,H font 'sans-serif,9' noenhanced background rgb 'white'
}
# The SVG terminal counts letters smaller, and has no bold
large = format eq 'svg' ? ',19' : ',15'
heading = format eq 'svg' ? ',14' : 'sans-serif:Bold'
small = format eq 'svg' ? ',11' : ',8'
dot = format eq 'svg' ? 0.5 : 0.65
set encoding utf8
set output output_file

# Okabe and Ito's palette: blue is data, the colour of a change its side
BLUE = '#0072B2'
LIGHT = '#9CCBEB'
array side[3] = [0x0072B2, 0x009E73, 0xD55E00]

set multiplot
set lmargin at screen sx(LEFT)
set rmargin at screen sx(RIGHT)
set xrange [0.5:run_count + 0.5]
set border 3 lc rgb '#606060'
unset xtics
unset key
set ytics nomirror out scale 0.6 textcolor rgb '#202020'
set grid ytics lt 1 lw 0.5 lc rgb '#e4e4e4'

do for [p = 1:panel_count] {
	top = TOP + PANEL * (p - 1) + HEAD
	bottom = top + BODY
	low = panel_low[p]
	high = panel_high[p]
	per_px = (high - low) / (BODY - 2 * STRIP)
	unset label
	unset arrow
	if (p == 1) {
		set label 1 title_text at screen sx(14), screen sy(22) left font large
		set label 2 subtitle_text at screen sx(14), screen sy(46) left textcolor rgb '#404040'
	}
	set label 3 panel_title[p] at screen sx(LEFT), screen sy(top - 12) left font heading
	set label 4 panel_note[p] at screen sx(RIGHT), screen sy(top - 12) right font small \
		textcolor rgb '#606060'
	set label 7 panel_apart[p] at screen sx(LEFT + 4), screen sy(top + 7) left font small \
		textcolor rgb '#606060'
	set label 5 unit_text at screen sx(18), screen sy(top + BODY / 2) center rotate by 90
	# Runs of another kernel than those before
	do for [i = 1:release_count] {
		if (release_panel[i] == p) {
			set arrow 1000 + i from screen sx(x_px(release_x[i] - 0.5)), screen sy(bottom) \
				to screen sx(x_px(release_x[i] - 0.5)), screen sy(bottom - STRIP + 4) \
				nohead lw 0.8 lc rgb '#808080'
			set label 1000 + i release_text[i] at screen sx(x_px(release_x[i] - 0.5) + 4), \
				screen sy(bottom - STRIP / 2 + 1) left font small textcolor rgb '#505050'
		}
	}
	do for [i = 1:change_count] {
		if (change_panel[i] == p) {
			set arrow 2000 + i from screen sx(x_px(change_x[i])), screen sy(bottom) \
				to screen sx(x_px(change_x[i])), screen sy(top) nohead back \
				lw 1.2 dashtype 2 lc rgb side[int(change_side[i]) + 1]
			# To the left of its line where there is no room on the right
			if (change_left[i]) {
				set label 2000 + i change_text[i] at screen sx(x_px(change_x[i]) - 5), \
					screen sy(top + 7) right textcolor rgb side[int(change_side[i]) + 1]
			} else {
				set label 2000 + i change_text[i] at screen sx(x_px(change_x[i]) + 5), \
					screen sy(top + 7) left textcolor rgb side[int(change_side[i]) + 1]
			}
		}
	}
	if (p == panel_count) {
		do for [i = 1:run_count] {
			if (tick_text[i] ne '') {
				set label 4000 + i tick_text[i] at screen sx(x_px(i)), screen sy(bottom + 13) center
				set label 6000 + i tick_more[i] at screen sx(x_px(i)), screen sy(bottom + 28) center \
					textcolor rgb '#606060'
			}
		}
		set label 6 axis_text at screen sx(RIGHT), screen sy(H - 11) right font small \
			textcolor rgb '#606060'
	}
	set tmargin at screen sy(top)
	set bmargin at screen sy(bottom)
	set yrange [low - STRIP * per_px:high + STRIP * per_px]
	set ytics panel_from[p], panel_step[p], high
	plot levels using ($1 == p ? $2 - 0.5 : NaN):4:($3 - $2 + 1):(0) \
			with vectors nohead linewidth 2.5 linecolor rgb '#E69F00' notitle, \
		points using ($1 == p && $5 > $4 ? $2 : NaN):4:(0):($5 - $4) \
			with vectors nohead linewidth 1.5 linecolor rgb LIGHT notitle, \
		seeds using ($1 == p ? $2 : NaN):3 \
			with points pointtype 7 pointsize 1.1 * dot linecolor rgb LIGHT notitle, \
		points using ($1 == p ? $2 : NaN):3 \
			with points pointtype 7 pointsize 1.6 * dot linecolor rgb BLUE notitle, \
		gaps using ($1 == p ? $2 : NaN):(low - 0.1 * STRIP * per_px) \
			with points pointtype 2 pointsize dot linecolor rgb '#808080' notitle
}
unset multiplot
set output
