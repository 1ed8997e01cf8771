# SPDX-License-Identifier: GPL-2.0-or-later
# One or more runs: a bar a scenario and kernel, pages scanned and reclaimed, and beside it the
# latency or the rate of work. plots/summary.c gives the variables and the table: bar number, then
# median, least and most of pages scanned, pages reclaimed and the work's figure.

W = 1000
LEFT = 258.0                      # left of the first panel: the kernels' names
MIDDLE = 675.0
SECOND = 718.0
RIGHT = 985.0
ROW = 26.0
GROUP = 30.0                      # a scenario's name above its bars
TOP = 92.0
groups = 0
do for [i = 1:bar_count] { groups = groups + (bar_group[i] ne '') }
H = TOP + ROW * bar_count + GROUP * groups + 58
sy(px) = 1 - px / H
sx(px) = 1.0 * px / W

if (format eq 'svg') {
	set terminal svg size W,H name 'wring' font 'sans-serif,12' noenhanced background rgb 'white' linewidth 1
} else {
	set terminal pngcairo size W,H font 'sans-serif,9' noenhanced background rgb 'white'
}
# The SVG terminal counts lines of text higher than the other, and letters smaller; and has no bold
large = format eq 'svg' ? ',19' : ',15'
heading = format eq 'svg' ? ',14' : 'sans-serif:Bold'
label_rise = format eq 'svg' ? 0.5 : 0.3
dot = format eq 'svg' ? 0.7 : 0.9
set encoding utf8
set output output_file

# Okabe and Ito's palette, and the same colours lightened for what was scanned in vain
array palette[8] = [0x000000, 0x0072B2, 0xE69F00, 0x009E73, 0xCC79A7, 0x56B4E9, 0xD55E00, 0xF0E442]
array light[8] = [0xD0D0D0, 0xC4DDED, 0xF9E5BC, 0xC2E6DA, 0xF2DDE9, 0xD5EDFA, 0xF5D5BF, 0xFBF8CF]

# y of each bar in px from the first panel's top
array at[bar_count]
y = 0.0
do for [i = 1:bar_count] {
	if (bar_group[i] ne '') { y = y + GROUP }
	at[i] = y + ROW / 2
	y = y + ROW
}
bottom = TOP + y + 6
row_y(i) = at[int(i)]

set multiplot
set tmargin at screen sy(TOP)
set bmargin at screen sy(bottom)
set yrange [y + 6:0]
set border 1 lc rgb '#606060'
unset ytics
set xtics nomirror out scale 0.6 textcolor rgb '#202020'
set grid xtics lt 1 lw 0.5 lc rgb '#d9d9d9'
unset key

set label 1 title_text at screen sx(14), screen sy(22) left font large
set label 2 subtitle_text at screen sx(14), screen sy(46) left textcolor rgb '#404040'
do for [i = 1:bar_count] {
	set label 100 + i bar_name[i] at screen sx(LEFT - 8), first at[i] right
	if (bar_group[i] ne '') {
		set label 300 + i bar_group[i] at screen sx(14), first at[i] - ROW / 2 - 9 left \
			font heading
		set arrow 300 + i from screen sx(14), first at[i] - ROW / 2 - GROUP + 4 \
			to screen sx(RIGHT), first at[i] - ROW / 2 - GROUP + 4 nohead back \
			lt 1 lw 0.5 lc rgb '#b0b0b0'
	}
}

# Ticks at round steps, three or four of them up to top: beyond it stand figures, not bars
step_of(top) = (raw = top / 3.5, power = 10 ** floor(log10(raw)), first_digit = raw / power, \
	power * (first_digit < 1.5 ? 1 : first_digit < 3.5 ? 2 : first_digit < 7.5 ? 5 : 10))
# Thousands or millions, so that no tick's label is long
scale_of(top) = top >= 2e7 ? 1e6 : top >= 2e4 ? 1e3 : 1.0
scale_name(scale) = scale == 1e6 ? 'million ' : scale == 1e3 ? '1000 ' : ''
colour_of(i) = palette[int(bar_colour[int(i)]) + 1]
light_of(i) = light[int(bar_colour[int(i)]) + 1]
greater(a, b) = a > b ? a : b
# A whisker has an extent: one seed has none
spread(median, least, most) = most > least ? median : NaN

# The bars, with room for the figures behind the longest one
scale = scale_of(pages_top)
top = pages_top > 0 ? pages_top / scale : 1
set lmargin at screen sx(LEFT)
set rmargin at screen sx(MIDDLE)
set xrange [0:1.9 * top]
set xtics 0, step_of(top), top
set xlabel scale_name(scale).'pages' offset 0, label_rise
set label 3 'Pages reclaimed (dark) of pages scanned (light)' at screen sx(LEFT), screen sy(TOP - 12) left
set style fill solid 1
plot bars using (0):(row_y($1)):(0):($2 / scale):(row_y($1) - 9):(row_y($1) + 9):(light_of($1)) \
		with boxxyerror fillcolor rgb variable notitle, \
	bars using (0):(row_y($1)):(0):($5 / scale):(row_y($1) - 9):(row_y($1) + 9):(colour_of($1)) \
		with boxxyerror fillcolor rgb variable notitle, \
	bars using (spread($2, $3, $4) / scale):(row_y($1) - 4):($3 / scale):($4 / scale) \
		with xerrorbars pointtype -1 linewidth 1 linecolor rgb '#202020' notitle, \
	bars using (spread($5, $6, $7) / scale):(row_y($1) + 4):($6 / scale):($7 / scale) \
		with xerrorbars pointtype -1 linewidth 1 linecolor rgb '#202020' notitle, \
	bars using (valid(4) ? greater($4, $7) / scale : 0):(row_y($1)):(bar_reclaim[int($1)]) \
		with labels left offset 1, 0 notitle

# The work: latencies span orders of magnitude, and a dot, unlike a bar, needs no zero
do for [i = 1:2] { unset label i }
do for [i = 1:bar_count] { unset label 100 + i; unset label 300 + i; unset arrow 300 + i }
set lmargin at screen sx(SECOND)
set rmargin at screen sx(RIGHT)
set label 3 speed_text at screen sx(SECOND), screen sy(TOP - 12) left
wide = speed_most > 20 * speed_least
scale = !is_latency ? scale_of(speed_most) : wide || speed_most >= 2e9 ? 1e9 : \
	speed_most >= 2e6 ? 1e6 : speed_most >= 2e3 ? 1e3 : 1.0
least = speed_least / scale
most = speed_most / scale
from = wide ? least / 1.6 : 0
if (wide) {
	decades = log10(most / least)
	set logscale x
	set xrange [from:most * 10 ** (0.85 * decades)]
	set xtics 10 ** floor(log10(least)), (decades > 3 ? 100 : 10), most * 2
	unset mxtics
} else {
	set xrange [0:1.95 * most]
	set xtics 0, step_of(most), most
}
if (is_latency && wide) { set format x '%.0s %cs' } else { set format x '%g' }
set xlabel (!is_latency ? scale_name(scale).'ops/s' : wide ? '' : \
	scale == 1e9 ? 's' : scale == 1e6 ? 'ms' : scale == 1e3 ? 'us' : 'ns') offset 0, label_rise
plot bars using (spread($8, $9, $10) / scale):(row_y($1)):($9 / scale):($10 / scale) \
		with xerrorbars pointtype -1 linewidth 1 linecolor rgb '#202020' notitle, \
	bars using ($8 / scale):(row_y($1)):(colour_of($1)) \
		with points pointtype 7 pointsize dot linecolor rgb variable notitle, \
	bars using (valid(8) ? $10 / scale : from):(row_y($1)):(bar_speed[int($1)]) \
		with labels left offset 1, 0 notitle
unset multiplot
set output
