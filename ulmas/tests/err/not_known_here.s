        .space  SIZE
        .align  later
        .equ    SIZE, 10
        .space  end - begin
begin:  .space  later - begin
later:  .space  later
        .space  -1
        .align  0
        .align  -4
        .space  code
code:   .space  SIZE - 20
end:
        .space  MISSING
        ldzwq   MISSING, %1
        movq    (%1, %2, code), %3
        jmp     @w0(code)
        .equ    A, B
        .equ    B, 1
        .space  A
