        .space  18446744073709551615
        .space  2
        halt    0
        .data
        .space  18446744073709551615
        .align  16
        .bss
        .space  10000000000000000000
        .space  10000000000000000000
