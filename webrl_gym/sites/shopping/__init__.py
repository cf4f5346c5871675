"""The One Stop Market: a store on Magento's routes, forms and labels, with customers, orders, reviews and carts."""
