// The fencepost command.
int main() { return 0; }
