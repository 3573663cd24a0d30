fn main() {
    projector::begin();
}
