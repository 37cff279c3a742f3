loop:	addq	%1 %2,	%3
	addq	1,	%300,	%1
	jmp	lop	# back
	halt	0		0
# ü
	putc	'ü'	# é
/* äöü */ addq 1, %a, %1
/* 漢字 */ addq 1, %a2, %1
