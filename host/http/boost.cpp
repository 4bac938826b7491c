// The compiled part of Boost.Asio and Boost.Beast, for this folder and host/outbound.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
