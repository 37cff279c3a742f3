        divq    5, %1, %254
        divq    %5, %255, %1
        mulq    %1, %2, %255
        idivq   3, %1, %255
        divq    5, %1, %253
        idivq   3, %1, %254
        halt    0
