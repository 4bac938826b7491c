// A static of an inline function, bound through a GNU-unique symbol: dlclose leaves such a library where it is.
inline int& counter() {
    static int count = 0;
    return count;
}

__attribute__((constructor)) static void begin() { ++counter(); }
