fn main() {
    worker::begin();
}
