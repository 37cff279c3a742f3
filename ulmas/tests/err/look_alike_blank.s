        addq    1, %1, %1
    halt    0
        halt　0
        halt  0
        halt    0​
﻿        halt 0
