        halt 0
/* abc